//! Check digits of European tax numbers (VAT identification numbers), by country.
//!
//! The rules are those of the European Commission's "VIES VAT number algorithms" and of the national registers they
//! go back to (ISO 7064 MOD 11,10 in Germany, Luhn in Italy and Austria, MOD 97 in Belgium and France). A number says
//! nothing of whether it was issued: only a question to VIES could. Other countries are held to form alone.

use super::country;

/// What is wrong with a tax number, if anything. `country` decides where the number has no prefix of its own.
pub(super) fn problem(value: &str, country: Option<&str>) -> Option<String> {
    let compact: String = value.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_uppercase();
    let own = compact.get(..2).filter(|prefix| prefix.bytes().all(|b| b.is_ascii_uppercase()));
    let stated = country.and_then(country::code);
    // a Spanish number may begin with letters that are no country
    let (code, body) = match (own, stated) {
        (Some(prefix), _) if RULES.iter().any(|rule| rule.country == prefix) => (prefix, &compact[2..]),
        (_, Some(code)) => (code, compact.as_str()),
        (Some(prefix), None) => (prefix, &compact[2..]),
        (None, None) => return None,
    };
    match RULES.iter().find(|rule| rule.country == code) {
        Some(rule) => match (rule.check)(body) {
            Some(true) => None,
            Some(false) => Some("its check digit is wrong".into()),
            None => Some(format!("{code} has {}", rule.form)),
        },
        None => (!(2..=13).contains(&body.len())).then(|| "no country has numbers of this length".into()),
    }
}

struct Rule {
    country: &'static str,
    form: &'static str,
    /// `None` where the form is wrong.
    check: fn(&str) -> Option<bool>,
}

const RULES: [Rule; 13] = [
    Rule { country: "DE", form: "nine digits", check: germany },
    Rule { country: "AT", form: "U and eight digits", check: austria },
    Rule { country: "CH", form: "E and nine digits", check: switzerland },
    Rule { country: "FR", form: "two characters and nine digits", check: france },
    Rule { country: "IT", form: "eleven digits", check: |body| Some(luhn(&digits(body, 11)?)) },
    Rule { country: "NL", form: "nine digits, B and two digits", check: netherlands },
    Rule { country: "ES", form: "nine characters, seven or eight of them digits", check: spain },
    Rule { country: "BE", form: "ten digits, the first 0 or 1", check: belgium },
    Rule { country: "PL", form: "ten digits", check: poland },
    Rule { country: "DK", form: "eight digits", check: denmark },
    Rule { country: "LU", form: "eight digits", check: luxembourg },
    Rule { country: "FI", form: "eight digits", check: finland },
    Rule { country: "PT", form: "nine digits", check: portugal },
];

fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    (digits.len() == length).then_some(digits)
}

fn number(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Every second digit from the right doubled, its digits added; the sum ends in 0.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| match digit * (1 + position as u32 % 2) {
            doubled @ 10.. => doubled - 9,
            single => single,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn germany(body: &str) -> Option<bool> {
    let d = digits(body, 9)?;
    let product = d[..8].iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    Some(d[0] != 0 && (11 - product) % 10 == d[8])
}

fn austria(body: &str) -> Option<bool> {
    let d = digits(body.strip_prefix('U')?, 8)?;
    let sum: u32 = d[..7]
        .iter()
        .enumerate()
        .map(|(position, digit)| if position % 2 == 1 { digit / 5 + digit * 2 % 10 } else { *digit })
        .sum();
    Some((10 - (sum + 4) % 10) % 10 == d[7])
}

fn switzerland(body: &str) -> Option<bool> {
    let body = body.strip_prefix('E')?;
    let end = ["MWST", "TVA", "IVA", "TPV"].iter().find_map(|suffix| body.strip_suffix(suffix)).unwrap_or(body);
    let d = digits(end, 9)?;
    let check = (11 - weighted(&d[..8], &[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11;
    Some(check == d[8])
}

fn france(body: &str) -> Option<bool> {
    let (key, siren) = body.split_at_checked(2)?;
    let siren = digits(siren, 9)?;
    // keys with letters follow a rule of their own; Monaco's numbers are no SIREN
    let key_fits = match digits(key, 2) {
        Some(key) => number(&key) == (12 + 3 * (number(&siren) % 97)) % 97,
        None => true,
    };
    Some(key_fits && (siren[..3] == [0, 0, 0] || luhn(&siren)))
}

fn netherlands(body: &str) -> Option<bool> {
    let (first, rest) = body.split_at_checked(9)?;
    let (d, suffix) = (digits(first, 9)?, digits(rest.strip_prefix('B')?, 2)?);
    let weights = [9, 8, 7, 6, 5, 4, 3, 2];
    let of_company = weighted(&d[..8], &weights) % 11 == d[8];
    // since 2020 sole traders have numbers of which `NL...B..` is 1 modulo 97, N = 23, L = 21, B = 11
    let of_person = format!("2321{first}11{}{}", suffix[0], suffix[1]).parse::<u64>().is_ok_and(|n| n % 97 == 1);
    Some(of_company || of_person)
}

fn spain(body: &str) -> Option<bool> {
    const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    if body.len() != 9 || !body.is_ascii() {
        return None;
    }
    let (first, middle, last) = (body.as_bytes()[0], digits(&body[1..8], 7), body.as_bytes()[8]);
    let letter = |n: u64| LETTERS[(n % 23) as usize] == last;
    match first {
        b'0'..=b'9' => Some(letter(number(&digits(&body[..8], 8)?))),
        b'X' | b'Y' | b'Z' => Some(letter(u64::from(first - b'X') * 10_000_000 + number(&middle?))),
        b'K' | b'L' | b'M' => Some(letter(number(&middle?))),
        b'A'..=b'W' => {
            let sum: u32 = middle?
                .iter()
                .enumerate()
                .map(|(position, digit)| if position % 2 == 0 { digit / 5 + digit * 2 % 10 } else { *digit })
                .sum();
            let check = ((10 - sum % 10) % 10) as usize;
            Some(last == b'0' + check as u8 || last == b"JABCDEFGHI"[check])
        }
        _ => None,
    }
}

fn belgium(body: &str) -> Option<bool> {
    let d = digits(&format!("{body:0>10}"), 10)?;
    (d[0] <= 1).then(|| 97 - number(&d[..8]) % 97 == number(&d[8..]))
}

fn poland(body: &str) -> Option<bool> {
    let d = digits(body, 10)?;
    Some(weighted(&d[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9])
}

fn denmark(body: &str) -> Option<bool> {
    Some(weighted(&digits(body, 8)?, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

fn luxembourg(body: &str) -> Option<bool> {
    let d = digits(body, 8)?;
    Some(number(&d[..6]) % 89 == number(&d[6..]))
}

fn finland(body: &str) -> Option<bool> {
    let d = digits(body, 8)?;
    Some((11 - weighted(&d[..7], &[7, 9, 10, 5, 8, 4, 2]) % 11) % 11 == d[7])
}

fn portugal(body: &str) -> Option<bool> {
    let d = digits(body, 9)?;
    let check = 11 - weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    Some((if check > 9 { 0 } else { check }) == d[8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Valid numbers: of well-known companies' imprints, and the examples of python-stdnum's documentation.
    const VALID: [&str; 20] = [
        "DE136695976",
        "DE143454214",
        "DE 129274202",
        "ATU13585627",
        "CHE-107.787.577 IVA",
        "FR40303265045",
        "FR23334175221",
        "IT00743110157",
        "NL004495445B01",
        "NL123456789B13",
        "ESB58378431",
        "ES54362315K",
        "ESX2482300W",
        "ESJ99216582",
        "BE0428759497",
        "PL8567346215",
        "DK13585628",
        "LU15027442",
        "FI20774740",
        "PT501964843",
    ];

    #[test]
    fn valid_numbers_pass() {
        for valid in VALID {
            assert_eq!(problem(valid, None), None, "{valid}");
        }
    }

    #[test]
    fn a_wrong_digit_is_found_in_every_country() {
        for valid in VALID {
            // the last digit but a suffix's, one up
            let at = valid.rfind(|c: char| c.is_ascii_digit()).unwrap();
            let at = if valid.starts_with("NL") { 7 } else { at };
            let digit = valid[at..=at].parse::<u8>().unwrap();
            let wrong = format!("{}{}{}", &valid[..at], (digit + 1) % 10, &valid[at + 1..]);
            assert!(problem(&wrong, None).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_number_without_prefix_is_judged_by_its_country() {
        assert_eq!(problem("136695976", Some("Deutschland")), None);
        assert_eq!(problem("136695975", Some("Deutschland")).unwrap(), "its check digit is wrong");
        assert_eq!(problem("1366959", Some("DE")).unwrap(), "DE has nine digits");
        assert_eq!(problem("136695975", None), None, "without a country there is no rule");
    }
}
