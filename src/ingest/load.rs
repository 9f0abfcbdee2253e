//! One delivery into its table: typed, reconciled, compared with what is held, and dated.
//!
//! ```text
//! files ── prepare ─▶ relations ── typed ─▶ staged (good rows)          + quarantine (bad cells)
//! staged + table ── delta ─▶ rows to add, rows to take back ─▶ table    each known from a day
//! ```

mod history;

use std::collections::BTreeMap;

use jiff::civil::Date;

use self::history::Past;
use super::{
    BatchReport, IngestError,
    contract::Table,
    plan::{Delivery, GONE, HashedFile, Scope},
    prepare::{self, Prepared},
    pseudonym::PseudonymKey,
    quarantine, typed,
};
use crate::{
    config::sources::SourceConfig,
    domain::Notice,
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// What stays the same for all deliveries of a table.
pub(super) struct Loader<'a> {
    pub(super) warehouse: &'a Warehouse,
    pub(super) table: &'static Table,
    pub(super) config: &'a SourceConfig,
    pub(super) settings_hash: &'a str,
    pub(super) report_currency: &'a str,
    /// For tables whose raters become pseudonyms.
    pub(super) key: Option<PseudonymKey>,
}

/// A file on its way into the table.
struct Intake<'a> {
    file: &'a HashedFile,
    prepared: Prepared,
    batch_id: i64,
    is_new: bool,
}

impl Loader<'_> {
    /// Loads one delivery and reports its new batches.
    pub(super) fn load(&self, delivery: &Delivery, notices: &mut Vec<Notice>) -> Result<Vec<BatchReport>, IngestError> {
        let past = Past::before(self.warehouse, self.table, self.config.name.as_str(), delivery.received_on)?;
        let mut intakes = Vec::new();
        let mut next_batch = self.next_batch()?;
        for (number, file) in delivery.files.iter().enumerate() {
            let mut prepared =
                prepare::prepare(self.warehouse, self.table, self.config, file, number, self.key.as_ref())?;
            notices.append(&mut prepared.notices);
            let is_new = file.loaded_as.is_none();
            let batch_id = file.loaded_as.unwrap_or(next_batch);
            next_batch += i64::from(is_new);
            intakes.push(Intake { file, prepared, batch_id, is_new });
        }
        let is_direct = self.table.is_ledger() && (past.is_empty() || delivery.scope == Scope::Nothing);
        self.stage(&intakes, is_direct)?;
        if intakes.len() > 1 && self.config.mode.is_none() {
            self.refuse_overlap(&intakes)?;
        }
        let superseded = self.refuse_superseded(&intakes, notices)?;
        self.refuse_missing_rates(&intakes)?;
        let staged = if is_direct { BTreeMap::new() } else { self.rows_per_batch("staged", &intakes)? };
        // Rows taken back belong to the last batch of the delivery.
        let last_batch = next_batch + delivery.gone.len() as i64 - 1;
        history::write(self, delivery, &past, is_direct, last_batch)?;
        let loaded = if is_direct { self.rows_per_batch(self.table.name, &intakes)? } else { staged };
        let reports = self.reconcile(&intakes, &loaded, &superseded)?;
        self.record(delivery, &reports, next_batch)?;
        let kind = if is_direct { "VIEW" } else { "TABLE" };
        self.warehouse.execute_script(&format!("DROP {kind} staged"))?;
        for number in 0..intakes.len() {
            let text = prepare::text_relation(number);
            self.warehouse.execute_script(&format!("DROP TABLE IF EXISTS {text}; DROP TABLE IF EXISTS {text}_left"))?;
        }
        Ok(reports.into_iter().map(|(_, report)| report).collect())
    }

    fn next_batch(&self) -> Result<i64, WarehouseError> {
        let sql = "SELECT CAST(coalesce(max(batch_id), 0) + 1 AS BIGINT) FROM batches";
        Ok(self.warehouse.query(sql, params![], |row| row.get::<i64>(0))?.first().copied().unwrap_or(1))
    }

    /// The good rows of all files as `staged`: a view where they go straight into the table, so that millions of
    /// lines are not written twice.
    fn stage(&self, intakes: &[Intake<'_>], is_direct: bool) -> Result<(), WarehouseError> {
        let parts: Vec<String> = intakes
            .iter()
            .map(|intake| {
                typed::good_rows(self.table, &intake.prepared.relation, &intake.prepared.columns, intake.batch_id)
            })
            .collect();
        let mut rows = parts.join("\nUNION ALL\n");
        if self.table.is_ledger() {
            let currency = typed::literal(self.report_currency);
            rows = format!("SELECT * REPLACE (coalesce(upper(currency), {currency}) AS currency) FROM (\n{rows}\n)");
        }
        let kind = if is_direct { "VIEW" } else { "TABLE" };
        self.warehouse.execute_script(&format!("CREATE TEMP {kind} staged AS\n{rows}"))
    }

    /// Quarantines rows of tables with ids whose id comes again; the last one counts. Rows per batch.
    fn refuse_superseded(
        &self,
        intakes: &[Intake<'_>],
        notices: &mut Vec<Notice>,
    ) -> Result<BTreeMap<i64, u64>, IngestError> {
        if self.table.is_ledger() || self.table.key.is_empty() {
            return Ok(BTreeMap::new());
        }
        let superseded = include_str!("sql/superseded_rows.sql")
            .replace("{first_key}", self.table.key[0])
            .replace("{key}", &self.table.key.join(", "));
        self.warehouse.execute_script(&superseded)?;
        let counts = self.warehouse.query(
            "SELECT batch_id, count(*) FROM superseded GROUP BY batch_id ORDER BY batch_id",
            params![],
            |row| Ok((i64::from(row.get::<i32>(0)?), row.get::<i64>(1)? as u64)),
        )?;
        let value = if self.table.confidential { "NULL" } else { "id" };
        for intake in intakes.iter().filter(|intake| intake.is_new) {
            self.warehouse.execute(
                &format!(
                    "INSERT INTO quarantine SELECT batch_id, ?, ?, row_number, ?, {value}, 'one row per id', \
                     'the same id comes again further down' FROM superseded WHERE batch_id = ? ORDER BY row_number"
                ),
                params![self.table.name, &intake.file.file.name, self.table.key[0], intake.batch_id],
            )?;
        }
        self.warehouse.execute_script(
            "DELETE FROM staged WHERE (batch_id, row_number) IN (SELECT (batch_id, row_number) FROM superseded)",
        )?;
        let counts: BTreeMap<i64, u64> = counts.into_iter().collect();
        let rows: u64 = counts.values().sum();
        if rows > 0 {
            let text = format!("`{}`: {rows} rows have an id that comes again; the last one counts", self.table.name);
            notices.push(Notice::warning("duplicate-ids", text));
        }
        Ok(counts)
    }

    /// Files that nobody declared may not hold the same days, or the same ids where a table has no days.
    fn refuse_overlap(&self, intakes: &[Intake<'_>]) -> Result<(), IngestError> {
        let name_of = |batch_id: i64| {
            let intake = intakes.iter().find(|intake| intake.batch_id == batch_id);
            intake.map_or_else(String::new, |intake| intake.file.file.name.clone())
        };
        let sql = match (self.table.event, self.table.key) {
            (Some(event), _) => format!(
                "WITH span AS (SELECT batch_id, min({event}) AS first, max({event}) AS last FROM staged GROUP BY batch_id)\n\
                 SELECT a.batch_id, b.batch_id, CAST(greatest(a.first, b.first) AS VARCHAR) || ' to ' || CAST(least(a.last, b.last) AS VARCHAR)\n\
                 FROM span AS a JOIN span AS b ON a.batch_id < b.batch_id AND a.first <= b.last AND b.first <= a.last\n\
                 ORDER BY 1, 2 LIMIT 1"
            ),
            (None, [first, ..]) => format!(
                "SELECT min(batch_id), max(batch_id), '{first} ' || CAST({first} AS VARCHAR) FROM staged\n\
                 GROUP BY {} HAVING min(batch_id) < max(batch_id) ORDER BY 3 LIMIT 1",
                self.table.key.join(", ")
            ),
            (None, []) => return Ok(()),
        };
        let overlaps = self.warehouse.query(&sql, params![], |row| {
            Ok((i64::from(row.get::<i32>(0)?), i64::from(row.get::<i32>(1)?), row.get::<String>(2)?))
        })?;
        match overlaps.into_iter().next() {
            None => Ok(()),
            Some((first, second, overlap)) => Err(IngestError::Overlap {
                table: self.table.name,
                first: name_of(first),
                second: name_of(second),
                overlap,
            }),
        }
    }

    fn rows_per_batch(&self, table: &str, intakes: &[Intake<'_>]) -> Result<BTreeMap<i64, u64>, WarehouseError> {
        let batches: Vec<String> = intakes.iter().map(|intake| intake.batch_id.to_string()).collect();
        let sql = format!(
            "SELECT batch_id, count(*) FROM {table} WHERE batch_id IN ({}) GROUP BY batch_id ORDER BY batch_id",
            batches.join(", ")
        );
        let rows = self
            .warehouse
            .query(&sql, params![], |row| Ok((i64::from(row.get::<i32>(0)?), row.get::<i64>(1)? as u64)))?;
        Ok(rows.into_iter().collect())
    }

    /// Fills quarantine and sees to it that every row of every new file is either loaded or there.
    fn reconcile(
        &self,
        intakes: &[Intake<'_>],
        loaded: &BTreeMap<i64, u64>,
        superseded: &BTreeMap<i64, u64>,
    ) -> Result<Vec<(i64, BatchReport)>, IngestError> {
        let mut reports = Vec::new();
        for intake in intakes.iter().filter(|intake| intake.is_new) {
            let (file, prepared) = (&intake.file.file.name, &intake.prepared);
            let rows_loaded = loaded.get(&intake.batch_id).copied().unwrap_or(0);
            let refused_before = superseded.get(&intake.batch_id).copied().unwrap_or(0);
            let rows_quarantined = if rows_loaded + refused_before == prepared.rows_in {
                refused_before
            } else {
                quarantine::fill(self.warehouse, self.table, file, intake.batch_id, prepared)?
            };
            quarantine::note_left_out(self.warehouse, self.table, file, intake.batch_id, prepared)?;
            if prepared.rows_in != rows_loaded + rows_quarantined {
                return Err(IngestError::Reconciliation {
                    file: file.clone(),
                    rows_in: prepared.rows_in,
                    rows_loaded,
                    rows_quarantined,
                });
            }
            if rows_loaded == 0 && prepared.rows_in > 0 {
                return Err(self.nothing_readable(file, intake.batch_id, prepared.rows_in)?);
            }
            let report = BatchReport {
                table: self.table.name.into(),
                source: self.config.name.to_string(),
                file: file.clone(),
                rows_in: prepared.rows_in,
                rows_loaded,
                rows_quarantined,
                recognised: prepared.recognised.clone(),
                columns: prepared.mapping.described(),
                ..BatchReport::default()
            };
            tracing::info!(table = self.table.name, file, rows_in = report.rows_in, rows_loaded, rows_quarantined);
            reports.push((intake.batch_id, report));
        }
        Ok(reports)
    }

    fn nothing_readable(&self, file: &str, batch_id: i64, rows: u64) -> Result<IngestError, WarehouseError> {
        let sql = "SELECT column_name, value, expected, reason FROM quarantine WHERE batch_id = ? \
                   ORDER BY row_number, column_name LIMIT 1";
        let first = self.warehouse.query(sql, params![batch_id], |row| {
            Ok((row.get::<Option<String>>(0)?, row.get::<Option<String>>(1)?, row.get(2)?, row.get::<String>(3)?))
        })?;
        let (column, value, expected, reason): (_, _, String, _) = first.into_iter().next().unwrap_or_default();
        Ok(IngestError::NothingReadable {
            file: file.into(),
            rows,
            found: value.map_or(reason, |value| format!("`{value}`")),
            column: column.unwrap_or_else(|| "the whole row".into()),
            expected,
        })
    }

    /// Writes the batches; a file that is gone is a batch without rows.
    fn record(&self, delivery: &Delivery, reports: &[(i64, BatchReport)], next_batch: i64) -> Result<(), IngestError> {
        for (batch_id, report) in reports {
            if let Some(file) = delivery.files.iter().find(|file| file.file.name == report.file) {
                self.insert_batch(*batch_id, &file.hash, file.file.received_on, report)?;
            }
        }
        for (file, batch_id) in delivery.gone.iter().zip(next_batch..) {
            let (table, source) = (self.table.name.into(), self.config.name.to_string());
            let report = BatchReport { table, source, file: file.clone(), ..BatchReport::default() };
            self.insert_batch(batch_id, GONE, delivery.received_on, &report)?;
        }
        Ok(())
    }

    fn insert_batch(
        &self,
        batch_id: i64,
        hash: &str,
        received_on: Option<Date>,
        report: &BatchReport,
    ) -> Result<(), IngestError> {
        let mode = self.config.mode.map_or("together", |mode| mode.name());
        let recognised = serde_json::to_string(&report.recognised).unwrap_or_default();
        self.warehouse.execute(
            "INSERT INTO batches BY NAME SELECT CAST(? AS INTEGER) AS batch_id, ? AS table_name, ? AS source, ? AS file, \
             ? AS file_hash, ? AS settings_hash, ? AS mode, CAST(? AS DATE) AS received_on, ? AS rows_in, \
             ? AS rows_loaded, ? AS rows_quarantined, ? AS recognised",
            params![
                batch_id,
                self.table.name,
                &report.source,
                &report.file,
                hash,
                self.settings_hash,
                mode,
                received_on,
                report.rows_in as i64,
                report.rows_loaded as i64,
                report.rows_quarantined as i64,
                recognised,
            ],
        )?;
        Ok(())
    }

    /// Two currencies without rates are an error (METHOD section 1).
    fn refuse_missing_rates(&self, intakes: &[Intake<'_>]) -> Result<(), IngestError> {
        let report_currency = typed::literal(self.report_currency);
        let mut has_foreign = false;
        for intake in intakes.iter().filter(|_| self.table.is_ledger()) {
            // One column is cheap to look at; the rates are asked for only where they matter.
            if let Some(currency) = intake.prepared.columns.iter().find(|column| column.name == "currency") {
                let sql = format!(
                    "SELECT 1 FROM {} WHERE upper({}) <> {report_currency} LIMIT 1",
                    intake.prepared.relation,
                    currency.value()
                );
                has_foreign |= !self.warehouse.query(&sql, params![], |row| row.get::<i32>(0))?.is_empty();
            }
        }
        if !has_foreign {
            return Ok(());
        }
        let sql = include_str!("sql/missing_rates.sql")
            .replace("{lines}", "staged")
            .replace("{report_currency}", &report_currency);
        let missing = self
            .warehouse
            .query(&sql, params![], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<i64>(2)?)))?;
        match missing.into_iter().next() {
            None => Ok(()),
            Some((currency, first, months)) => Err(IngestError::NoRate {
                currency,
                report_currency: self.report_currency.into(),
                months: if months > 1 { format!("{first} and {} more months", months - 1) } else { first },
            }),
        }
    }
}
