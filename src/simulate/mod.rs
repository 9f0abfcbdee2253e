//! A synthetic business-to-business company whose true wallets are known, so that claims can be checked.
//!
//! METHOD section 10 is the specification. [`write()`] makes the company's database as a project folder
//! (`<out>/data/*.parquet`, every table of the data contract) and lays the truth beside it, in `<out>/truth.parquet`,
//! where no model looks for data.
//!
//! ```text
//! Company ─World─▶ market, calendar, scale ─per account, own seed─▶ Account (the truth of one account)
//! Account ─▶ order lines ─▶ invoices, complaints ─▶ surveys     (each table a file of this folder)
//! rows ─known by the as-of month─▶ row groups ─▶ parquet
//! ```
//!
//! Every account draws from seeds of its own: more `accounts` add rows and change none, and the bytes do not depend on
//! the number of threads. Nothing here reads what another stage writes, and no other stage reads anything from here.

mod account;
mod calendar;
mod catalogue;
mod company;
mod draw;
mod error;
mod export;
mod firm;
mod german;
mod market;
mod mess;
mod orders;
mod payment;
mod sales;
mod sink;
mod staff;
mod table;
mod truth;
mod voice;
mod world;

pub use company::{Changes, Company, Mode};
pub use error::SimulateError;
pub use export::{Progress, SimulateReport, write, write_with_progress};
pub use mess::{Fault, MessReport, Planted, Record, write_mess};
