//! The contract as the tables of `docs/data.md`.

use super::TABLES;

/// One Markdown section per table; `docs/data.md` holds exactly this text between its two markers.
pub fn tables_as_markdown() -> String {
    let mut text = String::new();
    for table in TABLES {
        let key =
            if table.key.is_empty() { "the whole row".to_owned() } else { format!("`{}`", table.key.join("`, `")) };
        text.push_str(&format!("### {}\nOne row per {}; identified by {key}.", table.name, table.row));
        if table.timeless {
            text.push_str(" Corrections hold for all past dates.");
        }
        if let Some(event) = table.event {
            text.push_str(&format!(" A first batch's rows are known from `{event}`."));
        }
        text.push_str("\n\n| column | holds | meaning |\n|---|---|---|\n");
        for column in table.input_columns() {
            let name = if column.required { format!("**{}**", column.name) } else { column.name.to_owned() };
            text.push_str(&format!("| {name} | {} | {} |\n", column.kind, column.meaning));
        }
        text.push('\n');
    }
    text
}
