//! A moment as typed: an RFC 3339 time, a date, or how long ago.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

/// Reads a moment; `now` is what "ago" counts from.
pub fn moment(text: &str, now: OffsetDateTime) -> Result<OffsetDateTime, String> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(time);
    }
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Ok(date.midnight().assume_utc());
    }
    ago(text)
        .and_then(|ago| now.checked_sub(ago))
        .ok_or_else(|| "a time like 2027-03-01T08:00:00Z, a date like 2027-03-01, or 90m, 6h, 2d ago".to_owned())
}

fn ago(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::seconds(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_a_while_ago() {
        let now = datetime!(2027-03-01 12:00 UTC);
        for (text, expected) in [
            ("2027-03-01T09:00:00+01:00", datetime!(2027-03-01 8:00 UTC)),
            ("2027-02-28", datetime!(2027-02-28 0:00 UTC)),
            ("90m", datetime!(2027-03-01 10:30 UTC)),
            ("2d", datetime!(2027-02-27 12:00 UTC)),
        ] {
            assert_eq!(moment(text, now), Ok(expected), "{text}");
        }
        for wrong in ["", "d", "-1d", "soon", "5w", "99999999999999d", "9é"] {
            assert!(moment(wrong, now).is_err(), "{wrong}");
        }
    }
}
