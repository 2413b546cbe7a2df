//! Times as the macros write them: `10s`, `500ms`.

use syn::LitInt;

/// How many milliseconds `10s` or `500ms` are; None for another unit, or none.
pub(crate) fn milliseconds(time: &LitInt) -> Option<u64> {
    let number = time.base10_parse::<u64>().ok()?;
    match time.suffix() {
        "s" => number.checked_mul(1000),
        "ms" => Some(number),
        _ => None,
    }
}

/// What is written for a time in another unit, or in none: `300s` for `5m`.
pub(crate) fn rewritten(time: &LitInt) -> Option<String> {
    let number = time.base10_parse::<u64>().ok()?;
    let seconds = match time.suffix() {
        "" | "sec" | "secs" => 1,
        "m" | "min" | "mins" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(format!("{}s", number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> LitInt {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn a_time_has_one_of_two_units() {
        let times = ["10s", "500ms", "10", "10m", "99999999999999999999s"];
        let read = times.map(|text| milliseconds(&time(text)));
        assert_eq!(read, [Some(10_000), Some(500), None, None, None]);
    }

    #[test]
    fn another_unit_is_rewritten_in_seconds() {
        let times = ["5", "5m", "2h", "5us"];
        let read = times.map(|text| rewritten(&time(text)));
        let expected = [Some("5s"), Some("300s"), Some("7200s"), None];
        assert_eq!(read, expected.map(|text| text.map(str::to_owned)));
    }
}
