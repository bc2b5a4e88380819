//! How long is "1h30m"? Spans of time as people write them.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;

/// The units in the order in which they are written, with their length in seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

const EXAMPLES: &str = r#"such as "90s", "5m" or "1h30m""#;

/// Reads `90d`, `1h30m` or `60s`: whole numbers with a unit each, the larger unit first. A number
/// without a unit is none: nobody should have to guess whether 60 is seconds or minutes.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    for (unit, seconds) in UNITS {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        if let Some(after) = after.strip_prefix(unit) {
            let number: u64 = number.parse().ok()?;
            total = total.checked_add(number.checked_mul(seconds)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(Duration::from_secs(total))
}

/// Reads a span of time from `least` to `most`; the error says so.
pub fn between(least: Duration, most: Duration) -> impl Fn(&str) -> Result<Duration, String> {
    move |text| {
        parse(text).filter(|span| (least..=most).contains(span)).ok_or_else(|| {
            let (least, most) = (Written(least), Written(most));
            format!(r#"allowed is a time from {least} to {most} with its units, {EXAMPLES}"#)
        })
    }
}

/// The same span as one that is added to a moment. Configured times are years at most, far from
/// where this saturates.
pub const fn delta(span: Duration) -> TimeDelta {
    match TimeDelta::from_std(span) {
        Ok(delta) => delta,
        Err(_) => TimeDelta::MAX,
    }
}

/// A span of time, printed the way it is read.
pub struct Written(pub Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, seconds) in UNITS {
            if rest >= seconds {
                write!(f, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_printed_the_same_way() {
        for (text, seconds) in [
            ("0s", 0),
            ("60s", 60),
            ("5m", 300),
            ("1h", 3_600),
            ("90d", 7_776_000),
            ("1h30m", 5_400),
            ("1d2h3m4s", 93_784),
        ] {
            let span = parse(text);
            assert_eq!(span, Some(Duration::from_secs(seconds)), "{text}");
            let printed = Written(span.unwrap()).to_string();
            assert_eq!(parse(&printed), span, "{text} {printed}");
        }
    }

    #[test]
    fn a_number_without_its_unit_is_refused() {
        for text in [
            "",
            "60",
            "s",
            "1h30",
            "30m1h",
            "1h1h",
            "1.5h",
            "-1s",
            " 1s",
            "1 h",
            "1ms",
            "1y",
            "1H",
            "é",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
