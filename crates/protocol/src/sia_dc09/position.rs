//! Where a sender is: longitude and latitude as its extended data has them, in degrees for a map.

/// `53N47.9200` and `001W07.2500` in degrees, latitude first, south and west negative; none when they are not of that
/// form or on no globe.
pub fn position(latitude: &str, longitude: &str) -> Option<String> {
    let latitude = degrees(latitude, 'N', 'S', 90.0)?;
    let longitude = degrees(longitude, 'E', 'W', 180.0)?;
    Some(format!("{latitude:.6}, {longitude:.6}"))
}

/// Degrees, a letter, minutes with a fraction.
fn degrees(text: &str, positive: char, negative: char, most: f64) -> Option<f64> {
    let letter = text.find([positive, negative])?;
    let (whole, rest) = text.split_at_checked(letter)?;
    let minutes = rest.get(1..)?;
    let digits =
        |text: &str, others: &[u8]| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit() || others.contains(&c));
    if !digits(whole, b"") || !digits(minutes, b".") {
        return None;
    }
    let (whole, minutes): (f64, f64) = (whole.parse().ok()?, minutes.parse().ok()?);
    let degrees = whole + minutes / 60.0;
    let sign = if rest.starts_with(negative) { -1.0 } else { 1.0 };
    (minutes < 60.0 && degrees <= most).then_some(sign * degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_and_minutes_become_degrees() {
        let place = |latitude, longitude| position(latitude, longitude);
        assert_eq!(place("53N47.9200", "001W07.2500").as_deref(), Some("53.798667, -1.120833"));
        assert_eq!(place("33S51.4", "151E12.5").as_deref(), Some("-33.856667, 151.208333"));
        for (latitude, longitude) in [
            ("", "001W07.2500"),
            ("53N60.0", "001W07.2500"),
            ("91N00.0", "001W07.2500"),
            ("53N47.9200", "181W00.0"),
            ("53N47.9.2", "001W07"),
            ("53N", "001W07"),
            ("N53", "001W07"),
            ("53N-1", "001W07"),
            ("53E47.9200", "001W07"),
        ] {
            assert_eq!(place(latitude, longitude), None, "{latitude} {longitude}");
        }
    }
}
