//! Is a value what it claims to be? Check digits of tax numbers and bank accounts, syntax of e-mail addresses, postal
//! codes by country.
//!
//! Every distinct value is judged once; the invalid ones go to the temporary table `invalid_values`, where the checks'
//! queries find them. A value of a country whose rule is not known here is believed.

mod country;
mod postal;
mod vat;

use polars::prelude::*;

use super::CheckError;
use crate::{params, warehouse::Warehouse};

/// One kind of value: where it stands, and what is wrong with it, if anything.
struct Kind {
    name: &'static str,
    /// Returns the columns `value` and `country`, distinct.
    sql: &'static str,
    problem: fn(&str, Option<&str>) -> Option<String>,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "vat_id",
        sql: "SELECT DISTINCT vat_id AS value, country FROM newest_customers WHERE vat_id IS NOT NULL",
        problem: vat::problem,
    },
    Kind {
        name: "iban",
        sql: "SELECT DISTINCT iban AS value, NULL AS country FROM newest_customers WHERE iban IS NOT NULL",
        problem: |value, _| iban_problem(value),
    },
    Kind {
        name: "postal_code",
        sql: "SELECT DISTINCT postal_code AS value, country FROM newest_customers WHERE postal_code IS NOT NULL",
        problem: postal::problem,
    },
    Kind {
        name: "email",
        sql: "SELECT email AS value, NULL AS country FROM newest_customers WHERE email IS NOT NULL
              UNION SELECT email, NULL FROM newest_contacts WHERE email IS NOT NULL",
        problem: |value, _| email_problem(value),
    },
];

/// Fills `invalid_values (kind, value, country, reason)`; `newest_customers` and `newest_contacts` exist.
pub(super) fn judge(warehouse: &Warehouse) -> Result<(), CheckError> {
    warehouse.execute(
        "CREATE OR REPLACE TEMP TABLE invalid_values (kind VARCHAR, value VARCHAR, country VARCHAR, reason VARCHAR)",
        params![],
    )?;
    for kind in KINDS {
        let sql = format!("SELECT value, CAST(country AS VARCHAR) AS country FROM ({}) ORDER BY ALL", kind.sql);
        let frame = warehouse.frame(&sql, params![])?;
        let (values, countries) = (frame.column("value")?.str()?, frame.column("country")?.str()?);
        let invalid: Vec<(&str, Option<&str>, String)> = values
            .iter()
            .zip(countries.iter())
            .filter_map(|(value, country)| Some((value?, country, (kind.problem)(value?, country)?)))
            .collect();
        if invalid.is_empty() {
            continue;
        }
        let table = df! {
            "kind" => vec![kind.name; invalid.len()],
            "value" => invalid.iter().map(|row| row.0).collect::<Vec<_>>(),
            "country" => invalid.iter().map(|row| row.1).collect::<Vec<_>>(),
            "reason" => invalid.iter().map(|row| row.2.as_str()).collect::<Vec<_>>(),
        }?;
        warehouse.append("invalid_values", &table)?;
    }
    Ok(())
}

/// ISO 13616: structure of the country, and remainder 1 modulo 97.
fn iban_problem(value: &str) -> Option<String> {
    let compact: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    match compact.parse::<iban::Iban>() {
        Ok(_) => None,
        Err(iban::ParseIbanError::InvalidBaseIban { .. }) => Some("its check digits or its form are wrong".into()),
        Err(iban::ParseIbanError::InvalidBban(_)) => Some("its country writes account numbers in another form".into()),
        Err(iban::ParseIbanError::UnknownCountry(_)) => Some("no country with IBANs has this code".into()),
    }
}

/// RFC 5322, with a domain that has a dot.
fn email_problem(value: &str) -> Option<String> {
    let options = email_address::Options::default().without_display_text().with_required_tld();
    email_address::EmailAddress::parse_with_options(value, options).err().map(|error| {
        // the library's sentences begin with a capital letter and end in a full stop
        let text = error.to_string();
        let mut letters = text.trim_end_matches('.').chars();
        letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_are_judged_by_country_and_check_digits() {
        // examples of the IBAN registry (ISO 13616)
        for valid in ["DE89 3704 0044 0532 0130 00", "AT611904300234573201", "ch9300762011623852957"] {
            assert_eq!(iban_problem(valid), None, "{valid}");
        }
        for invalid in ["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "none"] {
            assert!(iban_problem(invalid).is_some(), "{invalid}");
        }
    }

    #[test]
    fn addresses_need_one_at_sign_and_a_domain() {
        assert_eq!(email_problem("erika.mustermann+news@firma.example"), None);
        for invalid in ["erika", "erika@", "erika@@firma.example", "erika mustermann@firma.example", "a@localhost"] {
            assert!(email_problem(invalid).is_some(), "{invalid}");
        }
    }
}
