//! What customers say of us, and what our own people say of customers (METHOD section 8).
//!
//! ```text
//! survey_answers ─▶ NPS and satisfaction, with their number of answers
//! staff_answers ─▶ rounds that are over ─▶ strictness of raters taken out ─▶ beside the ranking: who disagrees
//!                                      └▶ `close`: kept as scores in data/staff_rounds.json, the answers deleted
//! ```
//!
//! Nobody may learn who answered what. A score needs three raters. A round counts once a calendar month passed without
//! an answer, and answers that come later are left out: otherwise two reports that differ by one answer would give it
//! away. Scores are rounded to a tenth. How much somebody likes working with an account is published for all of them
//! together, never for one, and no ranking and no feature reads any of it.

mod closed;
mod customers;
mod disagreement;
mod error;
mod nps;
mod questionnaire;
mod rounds;

pub use closed::{CLOSED, Closed, drop_answers};
pub use customers::{CustomerSurvey, Satisfaction};
pub use disagreement::{Agreement, Disagreement, Disagreements, Judged, Kind};
pub use error::SurveyError;
pub use nps::Nps;
pub use questionnaire::questionnaire;
pub use rounds::{AccountScore, FEWEST_RATERS, Question, QuestionSummary, Score, StaffRound};

use serde::{Deserialize, Serialize};

use crate::{domain::Month, warehouse::Warehouse};

/// Both surveys at the end of a month.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surveys {
    /// What customers answered; `None` without an answer in the last 12 months.
    pub customers: Option<CustomerSurvey>,
    /// The newest round of our own people that is over.
    pub staff: Option<StaffRound>,
    /// Rounds that still run: nothing of them is shown.
    pub running: Vec<String>,
    /// Where our own people and the figures disagree.
    pub disagreements: Option<Disagreements>,
}

impl Surveys {
    /// What was known at the end of `at`, beside what the models say of the `accounts` of the ranking.
    ///
    /// # Errors
    /// If the warehouse refuses.
    pub fn at(
        warehouse: &Warehouse,
        closed: &Closed,
        at: Month,
        accounts: &[Judged<'_>],
        potential_shown: bool,
    ) -> Result<Self, SurveyError> {
        let (staff, running) = rounds::newest(warehouse, closed, at)?;
        let disagreements = staff.as_ref().map(|round| Disagreements::of(round, accounts, potential_shown));
        Ok(Self { customers: customers::at(warehouse, at, accounts)?, staff, running, disagreements })
    }

    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.customers.is_none() && self.staff.is_none() && self.running.is_empty()
    }
}
