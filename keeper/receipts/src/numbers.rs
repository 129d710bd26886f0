//! Which numbers in JSON text survive being a 64-bit float.

use crate::CanonicalError;

/// Refuses the first number of `json` that does not survive. `json` must be valid JSON.
pub(crate) fn check(json: &[u8]) -> Result<(), CanonicalError> {
    let mut rest = json;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => after_string(tail),
            b'-' | b'0'..=b'9' => {
                let length = rest.iter().take_while(|byte| is_number_byte(**byte)).count();
                let (number, after) = rest.split_at(length);
                check_number(&String::from_utf8_lossy(number))?;
                after
            }
            _ => tail,
        };
    }
    Ok(())
}

fn is_number_byte(byte: u8) -> bool {
    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
}

/// What follows the string whose opening quote was just read.
fn after_string(mut rest: &[u8]) -> &[u8] {
    loop {
        match rest {
            [b'\\', _, tail @ ..] => rest = tail,
            [b'"', tail @ ..] => return tail,
            [_, tail @ ..] => rest = tail,
            [] => return rest,
        }
    }
}

fn check_number(number: &str) -> Result<(), CanonicalError> {
    let refused = || CanonicalError::Number(number.to_owned());
    let float: f64 = number.parse().map_err(|_| refused())?;
    let survives = if number.contains(['.', 'e', 'E']) {
        // Rounding is expected of a fraction, but it must not vanish or become infinite.
        let mantissa = number.split(['e', 'E']).next().unwrap_or(number);
        let is_zero = !mantissa.contains(|digit: char| ('1'..='9').contains(&digit));
        float.is_finite() && (float != 0.0 || is_zero)
    } else {
        // An integer must keep its digits. Those that a float holds but writes with others (2^60) would be read back
        // as another integer.
        number == "-0" || serde_json_canonicalizer::to_string(&float).is_ok_and(|written| written == number)
    };
    if survives { Ok(()) } else { Err(refused()) }
}
