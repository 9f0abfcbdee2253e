//! Databases by ADBC, against real ones: SQLite and a PostgreSQL of the test's own on loopback.
//!
//! Where a driver or PostgreSQL is not installed, the test says that it was skipped. `scripts/adbc_drivers` installs the
//! drivers, the package `postgresql` the server.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use adbc_core::{
    Connection as _, Database as _, Driver as _, Statement as _,
    options::{AdbcVersion, OptionDatabase, OptionValue},
};
use adbc_driver_manager::ManagedDriver;
use headroom::{
    params,
    warehouse::{Warehouse, WarehouseOptions},
};

use crate::binary::{Project, Said};

const PASSWORD: &str = "s3cr/et word";

/// The folder that holds the driver, or `None` with a word about it.
fn drivers(name: &str) -> Option<PathBuf> {
    let library = format!("libadbc_driver_{name}.so");
    let named = std::env::var_os("ADBC_DRIVER_PATH").map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>());
    let cached = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/headroom-adbc/1.13.0"));
    let found = named.into_iter().flatten().chain(cached).find(|folder| folder.join(&library).is_file());
    if found.is_none() {
        eprintln!("skipped: no {library}; scripts/adbc_drivers installs it");
    }
    found
}

/// Sends statements by the driver itself.
fn send(drivers: &Path, name: &str, address: &str, statements: &[&str]) {
    let library = drivers.join(format!("libadbc_driver_{name}.so"));
    let mut driver = ManagedDriver::load_dynamic_from_filename(library, None, AdbcVersion::V110).unwrap();
    let database = driver.new_database_with_opts([(OptionDatabase::Uri, OptionValue::from(address))]).unwrap();
    let mut connection = database.new_connection().unwrap();
    for sql in statements {
        let mut statement = connection.new_statement().unwrap();
        statement.set_sql_query(*sql).unwrap();
        statement.execute_update().unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// `headroom fetch` with the address in `ERP_DATABASE`.
fn fetch(project: &Project, drivers: &Path, address: &str, day: &str) -> Said {
    let mut command = project.command(&["fetch", "--received-on", day]);
    Said::from(command.env("ADBC_DRIVER_PATH", drivers).env("ERP_DATABASE", address).output().unwrap())
}

/// The rows of a query on the project's warehouse, as text.
fn rows(project: &Project, sql: &str) -> Vec<String> {
    let warehouse =
        Warehouse::open(project.path().join("data/warehouse.duckdb"), &WarehouseOptions::default()).unwrap();
    warehouse.query(sql, params![], |row| row.get::<String>(0)).unwrap()
}

const LINES: &str = "SELECT concat_ws('|', order_id, customer_id, ordered_on, net_revenue_e4, known_at, is_reversal) \
                     FROM order_lines ORDER BY ALL";

#[test]
fn a_table_of_sqlite_is_fetched_loaded_and_corrected_from_the_day_of_the_next_fetch() {
    let Some(drivers) = drivers("sqlite") else { return };
    let project = Project::empty();
    project.write(
        "headroom.toml",
        "[order_lines]\nname = 'erp'\ndatabase = { driver = 'sqlite', uri_env = 'ERP_DATABASE', table = 'order_lines' }\n",
    );
    let address = project.path().join("erp.sqlite").display().to_string();
    send(
        &drivers,
        "sqlite",
        &address,
        &[
            "CREATE TABLE order_lines(order_id INTEGER, customer_id TEXT, ordered_on TEXT, net_revenue TEXT, photo BLOB)",
            "INSERT INTO order_lines VALUES (2, 'Müller', '2021-10-02', '19.99', NULL), (1, '007', '2021-10-01', '-0.01', NULL)",
            "INSERT INTO order_lines VALUES (3, 'x', 'soon', '1', NULL)",
        ],
    );
    let before = project.fails(1, &["ingest"]);
    assert!(before.err.contains("nothing was fetched yet") && before.err.contains("headroom fetch"), "{}", before.err);

    let said = fetch(&project, &drivers, &address, "2021-10-31");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("erp: 3 rows in data/fetched/order_lines/2021-10-31_erp.parquet"), "{}", said.out);
    project.run(&["ingest"]);
    let first = ["1|007|2021-10-01|-100|2021-10-01|false", "2|Müller|2021-10-02|199900|2021-10-02|false"];
    assert_eq!(rows(&project, LINES), first);
    let refused = rows(&project, "SELECT concat_ws('|', row_number, column_name, value) FROM quarantine");
    assert_eq!(refused.len(), 1);
    assert!(refused[0].ends_with("|ordered_on|soon"), "{refused:?}");

    let again = fetch(&project, &drivers, &address, "2021-11-30");
    assert!(again.out.contains("2021-10-31_erp.parquet (unchanged)"), "{}", again.out);
    send(&drivers, "sqlite", &address, &["UPDATE order_lines SET net_revenue = '20.00' WHERE order_id = 2"]);
    fetch(&project, &drivers, &address, "2021-11-30");
    project.run(&["ingest"]);
    let corrected = [
        "1|007|2021-10-01|-100|2021-10-01|false",
        "2|Müller|2021-10-02|-199900|2021-11-30|true",
        "2|Müller|2021-10-02|199900|2021-10-02|false",
        "2|Müller|2021-10-02|200000|2021-11-30|false",
    ];
    assert_eq!(rows(&project, LINES), corrected);
    let earlier = fetch(&project, &drivers, &address, "2021-11-01");
    assert_eq!(earlier.code, Some(1));
    assert!(earlier.err.contains("2021-11-30_erp.parquet"), "{}", earlier.err);
}

#[test]
fn a_misspelt_path_makes_no_database_and_a_missing_driver_or_address_is_named() {
    let Some(drivers) = drivers("sqlite") else { return };
    let project = Project::empty();
    let configure = |driver: &str| {
        let database = format!("{{ driver = '{driver}', uri_env = 'ERP_DATABASE', query = 'SELECT 1 AS x' }}");
        project.write("headroom.toml", format!("[order_lines]\ndatabase = {database}\n"));
    };
    configure("sqlite");
    let missing = project.path().join("missing.sqlite");
    let said = fetch(&project, &drivers, &missing.display().to_string(), "2021-10-31");
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(!missing.exists());
    let said = project.fails(1, &["fetch"]);
    assert!(said.err.contains("`ERP_DATABASE` is not set"), "{}", said.err);
    configure("nosuchbase");
    let said = fetch(&project, &drivers, "nosuchbase://me:hush@db/x", "2021-10-31");
    assert!(said.err.contains("the ADBC driver `nosuchbase` cannot be loaded"), "{}", said.err);
    assert!(said.err.contains("adbc-driver-nosuchbase") && !said.err.contains("hush"), "{}", said.err);
}

/// A PostgreSQL cluster in a temporary folder, stopped and removed with the test.
struct Cluster {
    bin: PathBuf,
    folder: String,
    port: u16,
}

impl Cluster {
    /// Starts one, or says why not.
    fn start() -> Option<Self> {
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        versions.sort();
        let Some(bin) = versions.pop().map(|version| version.join("bin")).filter(|bin| bin.join("initdb").is_file())
        else {
            eprintln!("skipped: no PostgreSQL below /usr/lib/postgresql; install the package postgresql");
            return None;
        };
        let folder = String::from_utf8(as_server(&bin, "mktemp", &["-d"]).output().unwrap().stdout).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { bin, folder: folder.trim().to_owned(), port };
        let words = format!("{}/words", cluster.folder);
        std::fs::write(&words, PASSWORD).unwrap();
        let data = cluster.data();
        let options = ["-A", "scram-sha-256", "--pwfile", &words, "-U", "erp", "-E", "UTF8", "--no-sync", "-D", &data];
        cluster.run("initdb", &options);
        let options = format!("-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=off", cluster.folder);
        cluster.run("pg_ctl", &["-w", "-D", &data, "-o", &options, "-l", &format!("{}/log", cluster.folder), "start"]);
        Some(cluster)
    }

    fn data(&self) -> String {
        format!("{}/data", self.folder)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program).display().to_string();
        let mut command = as_server(&self.bin, &program, arguments);
        let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "{program} {arguments:?}");
    }

    fn address(&self, password: &str) -> String {
        let password: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
        format!("postgresql://erp:{password}@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The server refuses to run as root: then as its own user.
fn as_server(bin: &Path, program: &str, arguments: &[&str]) -> Command {
    let is_root = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nUid:\t0\t"));
    let mut command = Command::new(if is_root { "runuser" } else { program });
    if is_root {
        command.args(["-u", "postgres", "--", program]);
    }
    command.args(arguments).current_dir(bin);
    command
}

#[test]
fn a_query_of_postgresql_keeps_decimals_dates_and_truth_and_can_write_nothing() {
    let Some(drivers) = drivers("postgresql") else { return };
    let Some(cluster) = Cluster::start() else { return };
    let project = Project::empty();
    let database = |ask: &str| {
        let database = format!("{{ driver = 'postgresql', uri_env = 'ERP_DATABASE', {ask} }}");
        project.write(
            "headroom.toml",
            format!(
                "[order_lines]\nname = 'erp'\ndatabase = {database}\n\n[invoices]\nname = 'erp'\ndatabase = {{ driver = \
                 'postgresql', uri_env = 'ERP_DATABASE', table = 'books.invoices' }}\n"
            ),
        );
    };
    let address = cluster.address(PASSWORD);
    send(
        &drivers,
        "postgresql",
        &address,
        &[
            "CREATE SCHEMA books",
            "CREATE TYPE books.state AS ENUM ('open', 'paid')",
            "CREATE TABLE books.lines(nr bigint, kunde varchar(20), am timestamptz, netto numeric(12, 2), kosten numeric)",
            "INSERT INTO books.lines VALUES (1, 'Müller', '2021-10-01 12:00+02', 1234.56, 0.1), \
             (2, '007', '2021-10-02 00:00+00', -0.01, NULL), (3, '008', '2021-10-03 00:00+00', 99999999.99, 'NaN')",
            "CREATE TABLE books.invoices(invoice_id uuid, customer_id text, issued_on date, amount numeric, paid_on date, \
             disputed boolean, state books.state, scan bytea)",
            "INSERT INTO books.invoices VALUES ('00000000-0000-0000-0000-000000000001', 'Müller', '2021-10-01', \
             12345678901.2345, NULL, true, 'open', '\\x00'), ('00000000-0000-0000-0000-000000000002', '007', \
             '2021-10-02', 10, '2021-10-20', NULL, 'paid', NULL)",
        ],
    );
    database(
        "query = '''SELECT nr AS order_id, kunde AS customer_id, am AS ordered_on, netto AS net_revenue, kosten AS cost \
         FROM books.lines;'''",
    );
    let said = fetch(&project, &drivers, &address, "2021-10-31");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("left out scan (Binary)"), "what cannot be read is named: {}", said.err);
    project.run(&["ingest"]);
    let lines = rows(
        &project,
        "SELECT concat_ws('|', order_id, customer_id, ordered_on, net_revenue_e4, coalesce(cost_e4, -1)) \
                                FROM order_lines ORDER BY ALL",
    );
    assert_eq!(lines, ["1|Müller|2021-10-01|12345600|1000", "2|007|2021-10-02|-100|-1"]);
    let refused = rows(&project, "SELECT concat_ws('|', table_name, column_name, value) FROM quarantine");
    assert_eq!(refused, ["order_lines|cost|nan"]);
    let invoices = rows(
        &project,
        "SELECT concat_ws('|', invoice_id, amount_e4, coalesce(CAST(paid_on AS VARCHAR), '-'), \
                                   coalesce(CAST(disputed AS VARCHAR), '-')) FROM invoices ORDER BY ALL",
    );
    assert_eq!(
        invoices,
        [
            "00000000-0000-0000-0000-000000000001|123456789012345|-|true",
            "00000000-0000-0000-0000-000000000002|100000|2021-10-20|-"
        ]
    );

    let again = fetch(&project, &drivers, &address, "2021-11-30");
    assert_eq!(again.out.matches("(unchanged)").count(), 2, "{}", again.out);
    database("query = 'WITH gone AS (DELETE FROM books.lines RETURNING *) SELECT * FROM gone'");
    let writing = fetch(&project, &drivers, &address, "2021-11-30");
    assert_eq!(writing.code, Some(1));
    assert!(writing.err.contains("read-only"), "{}", writing.err);

    let refused = fetch(&project, &drivers, &cluster.address("another s3cr/et"), "2021-11-30");
    assert!(refused.err.contains("authentication failed"), "{}", refused.err);
    assert!(refused.err.contains("check the address in `ERP_DATABASE`"), "{}", refused.err);
    let files = walk(project.path());
    assert!(files.len() > 3);
    for (name, bytes) in files.iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(PASSWORD) && !text.contains(&address), "{name} holds the address");
    }
    for said in [said, again, writing, refused] {
        assert!(!said.err.contains("s3cr") && !said.err.contains("%73"), "{}", said.err);
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
