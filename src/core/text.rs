//! How numbers, times and durations are written for a person.

use jiff::Timestamp;
use std::time::Duration;

/// `1 cell`, `2 cells`: a count with its noun, which forms its plural by an `s`.
pub fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", s(n))
}

/// The `s` of a plural: empty for 1.
pub fn s(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// A time in UTC to the second, such as `2025-11-28T21:00:01Z`.
pub fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time now, as [`utc`] writes it.
pub fn utc_now() -> String {
    utc(Timestamp::now())
}

/// An estimated duration in the unit that fits: `about 40 s`, `about 12 min`, `about 3 h 20 min`, `about 2 d 3 h`.
pub fn about(time: Duration) -> String {
    let minutes = (time.as_secs_f64() / 60.0).round() as u64;
    let (hours, days) = (minutes / 60, minutes / (24 * 60));
    match time.as_secs() {
        0..90 => format!("about {} s", time.as_secs()),
        _ if minutes < 90 => format!("about {minutes} min"),
        _ if hours < 36 => format!("about {hours} h {} min", minutes % 60),
        _ => format!("about {days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|n| plural(n, "cell")), ["0 cells", "1 cell", "2 cells"]);
    }

    #[test]
    fn durations_are_written_in_the_unit_that_fits() {
        for (seconds, text) in [
            (0, "about 0 s"),
            (89, "about 89 s"),
            (90, "about 2 min"),
            (720, "about 12 min"),
            (5400, "about 1 h 30 min"),
            (12_000, "about 3 h 20 min"),
            (183_600, "about 2 d 3 h"),
        ] {
            assert_eq!(about(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn times_are_utc_to_the_second() {
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(utc(time), "2023-11-14T22:13:20Z");
    }
}
