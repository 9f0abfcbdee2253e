//! What a delivery changes, and from which day it was known (METHOD section 1).
//!
//! A first delivery takes its event dates. A later one is compared with what is held: rows it shares stay as they are;
//! rows that happened after the previous delivery are known from their own date; rows that are late, changed or
//! vanished are known from the day the delivery was received, and without such a day they are an error.

use jiff::civil::Date;

use super::{
    super::{
        IngestError,
        contract::{self, ALWAYS_KNOWN, Table},
        plan::{Delivery, Scope},
        typed,
    },
    Loader,
};
use crate::{
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// What the warehouse knew of a source's table before a delivery.
#[derive(Debug)]
pub(super) struct Past {
    rows: u64,
    /// What happened before this day would have been in an earlier delivery. `None` for a first one.
    boundary: Option<String>,
}

impl Past {
    /// Looks at a table before a delivery received on a day.
    pub(super) fn before(
        warehouse: &Warehouse,
        table: &Table,
        source: &str,
        received_on: Option<Date>,
    ) -> Result<Self, WarehouseError> {
        let rows = warehouse
            .query(&format!("SELECT count(*) FROM {} WHERE source = ?", table.name), params![source], |row| {
                row.get::<i64>(0)
            })?
            .first()
            .map_or(0, |rows| *rows as u64);
        // Files of one day belong together, however many runs they take.
        let earlier = warehouse.query(
            "SELECT CAST(max(received_on) AS VARCHAR), count(*) FILTER (received_on IS NULL) FROM batches \
             WHERE table_name = ? AND source = ? AND (received_on IS NULL OR ? IS NULL OR received_on < CAST(? AS DATE))",
            params![table.name, source, received_on, received_on],
            |row| Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?)),
        )?;
        let (last_received, undated) = earlier.into_iter().next().unwrap_or_default();
        let boundary = match (last_received, table.event) {
            _ if rows == 0 => None,
            (Some(day), _) if received_on.is_some() => Some(day),
            (_, Some(event)) if undated > 0 || received_on.is_none() => {
                let sql = format!("SELECT CAST(max({event}) AS VARCHAR) FROM {} WHERE source = ?", table.name);
                warehouse.query(&sql, params![source], |row| row.get::<Option<String>>(0))?.into_iter().next().flatten()
            }
            (last_received, _) if undated > 0 || last_received.is_some() => Some(ALWAYS_KNOWN.to_owned()),
            _ => None,
        };
        Ok(Self { rows, boundary })
    }

    /// Whether the table has no rows yet.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

/// Writes the staged rows of a delivery into their table.
pub(super) fn write(
    loader: &Loader<'_>,
    delivery: &Delivery,
    past: &Past,
    is_direct: bool,
    reversing_batch: i64,
) -> Result<(), IngestError> {
    let change = Change { loader, delivery, past, is_direct };
    if !is_direct
        && past.rows > 0
        && delivery.scope == Scope::WholeTable
        && change.count("SELECT count(*) FROM staged")? == 0
    {
        let (table, files) = (loader.table.name, change.files());
        return Err(IngestError::EmptySnapshot { table, files, rows: past.rows });
    }
    if loader.table.is_ledger() { change.write_lines(reversing_batch) } else { change.write_states() }
}

struct Change<'a> {
    loader: &'a Loader<'a>,
    delivery: &'a Delivery,
    past: &'a Past,
    is_direct: bool,
}

impl Change<'_> {
    fn table(&self) -> &'static Table {
        self.loader.table
    }

    fn run(&self, sql: &str) -> Result<(), IngestError> {
        Ok(self.loader.warehouse.execute_script(sql)?)
    }

    fn count(&self, sql: &str) -> Result<u64, IngestError> {
        let counts = self.loader.warehouse.query(sql, params![], |row| row.get::<i64>(0))?;
        Ok(counts.first().map_or(0, |count| *count as u64))
    }

    fn files(&self) -> String {
        let mut names: Vec<&str> = self.delivery.files.iter().map(|file| file.file.name.as_str()).collect();
        names.extend(self.delivery.gone.iter().map(String::as_str));
        names.join(", ")
    }

    fn received_on(&self) -> String {
        if self.table().timeless {
            return format!("DATE '{ALWAYS_KNOWN}'");
        }
        self.delivery.received_on.map_or_else(|| "NULL".into(), |day| format!("DATE '{day}'"))
    }

    /// The columns that make up a row, each named `<alias>.<column>`.
    fn content(&self, alias: &str) -> String {
        let columns = self.table().columns.iter().map(|column| format!("{alias}.{}", column.stored_as()));
        columns.collect::<Vec<_>>().join(", ")
    }

    fn identity(&self) -> String {
        self.table().columns[0].stored_as()
    }

    /// Which rows of the table, named `line`, the delivery speaks about: never those of another source.
    fn scope(&self) -> String {
        format!("line.source = {} AND {}", self.source(), self.scope_of_delivery())
    }

    fn source(&self) -> String {
        typed::literal(self.loader.config.name.as_str())
    }

    fn scope_of_delivery(&self) -> String {
        match &self.delivery.scope {
            Scope::WholeTable => "true".into(),
            Scope::Nothing => "false".into(),
            Scope::File(file) => format!(
                "line.batch_id IN (SELECT batch_id FROM batches WHERE table_name = '{}' AND file = {})",
                self.table().name,
                typed::literal(file)
            ),
            Scope::Keys => format!("EXISTS (SELECT 1 FROM staged AS other WHERE {})", self.same_key()),
        }
    }

    /// Whether `line` and `other` have the same id.
    fn same_key(&self) -> String {
        let configured: Vec<&str> = self.loader.config.key.iter().map(String::as_str).collect();
        let key = if configured.is_empty() { self.table().key } else { &configured };
        let same: Vec<String> = key
            .iter()
            .filter_map(|name| self.table().column(name))
            .map(|column| format!("other.{0} IS NOT DISTINCT FROM line.{0}", column.stored_as()))
            .collect();
        same.join(" AND ")
    }

    /// Makes `delta` and `fresh`.
    fn compare(&self, held: &str) -> Result<(), IngestError> {
        let names = self.content("staged").replace("staged.", "");
        let delta = include_str!("../sql/delta.sql")
            .replace("{held}", held)
            .replace("{identity}", &self.identity())
            .replace("{content}", &names);
        self.run(&delta)?;
        let fresh = include_str!("../sql/fresh.sql")
            .replace("{identity}", &self.identity())
            .replace("{staged_content}", &self.content("staged"));
        self.run(&fresh)
    }

    /// Refuses rows that need a day of receipt where there is none.
    fn refuse_undated(&self, lines: &str, is_late: &str) -> Result<(), IngestError> {
        if self.delivery.received_on.is_some() || self.table().timeless {
            return Ok(());
        }
        let late = format!("SELECT count(*) FROM {lines} AS line WHERE line.known_at IS NULL AND ({is_late})");
        let mut rows = self.count(&late)?;
        if !self.is_direct {
            rows += self.count("SELECT CAST(coalesce(sum(-surplus), 0) AS BIGINT) FROM delta WHERE surplus < 0")?;
        }
        match rows {
            0 => Ok(()),
            rows => Err(IngestError::NoReceivedOn { table: self.table().name, files: self.files(), rows }),
        }
    }

    /// Whether `line` happened before the previous delivery, in which it was not.
    fn is_before_boundary(&self) -> String {
        match (&self.past.boundary, self.table().event) {
            (Some(boundary), Some(event)) => format!("line.{event} < DATE '{boundary}'"),
            _ => "false".into(),
        }
    }

    fn write_lines(&self, reversing_batch: i64) -> Result<(), IngestError> {
        let mut is_late = self.is_before_boundary();
        let lines = if self.is_direct { "staged" } else { "fresh" };
        if !self.is_direct {
            let scope = self.scope();
            let held = format!("SELECT {}, {SIGN} AS sign FROM order_lines AS line WHERE {scope}", held_terms());
            self.compare(&held)?;
            // A line whose order was corrected is part of the correction.
            is_late = format!("({is_late} OR line.order_id IN (SELECT identity FROM delta WHERE surplus < 0))");
        }
        self.refuse_undated(lines, &is_late)?;
        if !self.is_direct {
            let reversals = include_str!("../sql/reverse_order_lines.sql")
                .replace("{received_on}", &self.received_on())
                .replace("{batch_id}", &reversing_batch.to_string())
                .replace("{line_content}", &source_terms().join(", "))
                .replace("{scope}", &self.scope());
            self.run(&reversals)?;
        }
        let insert = include_str!("../sql/insert_order_lines.sql")
            .replace("{lines}", lines)
            .replace("{is_late}", &is_late)
            .replace("{received_on}", &self.received_on())
            .replace("{report_currency}", &typed::literal(self.loader.report_currency))
            .replace("{source}", &self.source());
        self.run(&insert)
    }

    fn write_states(&self) -> Result<(), IngestError> {
        let table = self.table();
        let insert = |lines: &str, is_late: &str| {
            include_str!("../sql/insert_rows.sql")
                .replace("{table}", table.name)
                .replace("{lines}", lines)
                .replace("{line_content}", &self.content("line"))
                .replace("{is_late}", is_late)
                .replace("{received_on}", &self.received_on())
                .replace("{known_from}", &self.known_from())
                .replace("{source}", &self.source())
        };
        let gives_known_at =
            self.count("SELECT count(*) FROM (SELECT 1 FROM staged WHERE known_at IS NOT NULL LIMIT 1)")? > 0;
        if gives_known_at {
            // The source keeps the history of its rows itself, so what it says now replaces what it said before.
            let same_day = format!("{} AND other.known_at IS NOT DISTINCT FROM line.known_at", self.scope_or_key());
            let outdated = match &self.delivery.scope {
                Scope::Keys => {
                    format!("source = {} AND EXISTS (SELECT 1 FROM staged AS other WHERE {same_day})", self.source())
                }
                _ => self.scope(),
            };
            self.run(&format!("DELETE FROM {} AS line WHERE {outdated}", table.name))?;
            self.run(&insert("staged", "false"))?;
        } else {
            let held = format!(
                "SELECT {}, 1 AS sign FROM {} AS line WHERE line.known_until IS NULL AND ({})",
                self.content("line"),
                table.name,
                self.scope()
            );
            self.compare(&held)?;
            let mut is_late = self.is_before_boundary();
            if !table.key.is_empty() {
                let known = format!(
                    "EXISTS (SELECT 1 FROM {} AS other WHERE other.source = {} AND {})",
                    table.name,
                    self.source(),
                    self.same_key()
                );
                is_late = format!("({is_late} OR {known})");
            }
            self.refuse_undated("fresh", &is_late)?;
            let close = include_str!("../sql/close_rows.sql")
                .replace("{table}", table.name)
                .replace("{identity}", &self.identity())
                .replace("{line_content}", &self.content("line"))
                .replace("{received_on}", &self.received_on())
                .replace("{scope}", &self.scope());
            // Closed after the new rows are in, since those look for the ids that are held.
            self.run(&insert("fresh", &is_late))?;
            self.run(&close)?;
        }
        if !table.key.is_empty() {
            let succeed = include_str!("../sql/succeed_rows.sql")
                .replace("{table}", table.name)
                .replace("{key}", &table.key.join(", "));
            self.run(&succeed)?;
        }
        Ok(())
    }

    fn scope_or_key(&self) -> String {
        if self.table().key.is_empty() { "true".into() } else { self.same_key() }
    }

    /// The day from which a row that is neither late nor a correction was known.
    fn known_from(&self) -> String {
        match (self.table().event, self.delivery.received_on, &self.past.boundary) {
            (Some(event), ..) => format!("line.{event}"),
            (None, Some(day), Some(_)) if !self.table().timeless => format!("DATE '{day}'"),
            (None, ..) => format!("DATE '{ALWAYS_KNOWN}'"),
        }
    }
}

const SIGN: &str = "CASE WHEN line.is_reversal THEN -1 ELSE 1 END";

/// An order line in the words of its source: amounts in its own currency, its own product group or none.
fn source_terms() -> [&'static str; 11] {
    [
        "line.order_id",
        "line.customer_id",
        "line.ordered_on",
        "coalesce(line.source_net_revenue_e4, line.net_revenue_e4)",
        "line.line_number",
        "line.product_id",
        "CASE WHEN NOT line.group_from_products THEN line.product_group END",
        "line.quantity_e4",
        "CASE WHEN line.source_net_revenue_e4 IS NULL THEN line.cost_e4 ELSE line.source_cost_e4 END",
        "line.currency",
        "line.shipped_on",
    ]
}

/// The same under their canonical names, reversals as the lines they take back.
fn held_terms() -> String {
    let names = contract::table(contract::ORDER_LINES)
        .map(|table| table.columns.iter().map(|column| column.stored_as()).collect::<Vec<_>>())
        .unwrap_or_default();
    let terms = source_terms();
    let named = terms.iter().zip(&names).map(|(term, name)| match name.ends_with("_e4") {
        true => format!("{SIGN} * ({term}) AS {name}"),
        false => format!("{term} AS {name}"),
    });
    named.collect::<Vec<_>>().join(", ")
}
