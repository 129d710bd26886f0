//! OPG amounts as people write them.

/// Decimals of the token.
pub const DECIMALS: u32 = 18;
/// Wei of one OPG.
pub const OPG: u128 = 10_u128.pow(DECIMALS);

/// Reads an amount of OPG with at most 18 decimals, for instance `12.5`. Digits and one point, nothing else, so that
/// `1,000`, `1e3` or `-1` are refused rather than guessed at.
pub fn parse_opg(text: &str) -> Result<u128, String> {
    if text.starts_with('-') {
        return Err(format!("amount {text:?} is negative"));
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return Err(format!("amount {text:?} has no digit after its point")),
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(format!("amount {text:?} is no number; write digits and at most one point, as in 12.5"));
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(format!("amount {text:?} has leading zeros"));
    }
    if fraction.len() > DECIMALS as usize {
        return Err(format!("amount {text:?} has {} decimals; OPG has {DECIMALS}", fraction.len()));
    }
    // At most eighteen digits, padded to eighteen: below 10^18.
    let fraction: u128 = format!("{fraction:0<18}").parse().unwrap_or(0);
    whole
        .parse::<u128>()
        .ok()
        .and_then(|whole| whole.checked_mul(OPG))
        .and_then(|wei| wei.checked_add(fraction))
        .ok_or_else(|| format!("amount {text:?} is absurdly large"))
}

/// `wei` in OPG, exactly, without trailing zeros.
#[must_use]
pub fn format_opg(wei: u128) -> String {
    let (whole, fraction) = (wei / OPG, wei % OPG);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{fraction:018}").trim_end_matches('0'))
}

/// The same with a comma between groups of three digits, for people.
#[must_use]
pub fn format_grouped(wei: u128) -> String {
    let text = format_opg(wei);
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut grouped = String::with_capacity(whole.len() * 4 / 3 + 20);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        assert_eq!(parse_opg("12.5"), Ok(12_500_000_000_000_000_000));
        assert_eq!(parse_opg("0.000000000000000001"), Ok(1));
        assert_eq!(parse_opg("1000000000"), Ok(1_000_000_000 * OPG));
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,000",
            "01",
            "1.0000000000000000000",
            " 1",
            "0x1",
            "1.2.3",
        ] {
            assert!(parse_opg(bad).is_err(), "{bad:?}");
        }
        assert!(parse_opg(&"9".repeat(40)).is_err());
    }

    #[test]
    fn amounts_are_written_as_they_are_read() {
        for text in ["0", "1", "0.1", "1234567.000000000000000001"] {
            assert_eq!(format_opg(parse_opg(text).unwrap()), text);
        }
        assert_eq!(format_grouped(parse_opg("1234567.5").unwrap()), "1,234,567.5");
        assert_eq!(format_grouped(parse_opg("999").unwrap()), "999");
    }
}
