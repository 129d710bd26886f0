//! The rules of an allocation file. Each error is the path of a field and a reason.

use serde_json::Number;

use super::{Allocation, Category, Fraction, LONGEST, SUPPLY, fraction, is_name, raw};
use crate::amount::{DECIMALS, format_grouped, parse_opg};

type Fault = (String, String);

/// Percentages are counted in millionths of a percent, so that 12.5 % is exact.
const PERCENT: u64 = 1_000_000;

/// Which contract categories the deployment relies on.
const CONTRACTS: [&str; 2] = ["airdrop", "staking-rewards"];

pub(super) fn validate(file: raw::File) -> Result<Allocation, Fault> {
    let token = required(file.token, "token")?;
    if token != "OPG" {
        return Err(("token".into(), format!("is {token:?}, this is the genesis of \"OPG\"")));
    }
    let decimals = required(file.decimals, "decimals")?;
    if decimals != DECIMALS {
        return Err(("decimals".into(), format!("is {decimals}, the token has {DECIMALS}")));
    }
    let supply = required(file.total_supply, "totalSupply")?;
    let wei = parse_opg(&supply).map_err(|reason| ("totalSupply".into(), reason))?;
    if wei != SUPPLY {
        return Err((
            "totalSupply".into(),
            format!("is {supply}, the token mints {}", SUPPLY / 10_u128.pow(DECIMALS)),
        ));
    }
    let tge = required(file.tge, "tge")?;
    let tge = parse_time(&tge).map_err(|reason| ("tge".into(), reason))?;
    let raw = required(file.categories, "categories")?;
    let mut categories: Vec<Category> = Vec::with_capacity(raw.len());
    let mut percent = 0_u64;
    for (position, entry) in raw.into_iter().enumerate() {
        let at = |field: &str| format!("categories[{position}].{field}");
        let (category, share) = category(entry, &at)?;
        if categories.iter().any(|other| other.name == category.name) {
            return Err((at("name"), format!("{:?} is there twice", category.name)));
        }
        percent += share;
        if percent > 100 * PERCENT {
            return Err((at("percent"), format!("the categories sum to {} % here", shown(percent))));
        }
        categories.push(category);
    }
    if percent != 100 * PERCENT {
        return Err(("categories".into(), format!("the percentages sum to {}, not to 100", shown(percent))));
    }
    for name in CONTRACTS {
        if !categories.iter().any(|category| category.name == name) {
            return Err((
                "categories".into(),
                format!("lacks {name:?}, which the deployment gives to a contract"),
            ));
        }
    }
    Ok(Allocation { tge, categories })
}

/// The category with its millionths of a percent.
fn category(entry: raw::Category, at: &dyn Fn(&str) -> String) -> Result<(Category, u64), Fault> {
    let name = required(entry.name, &at("name"))?;
    if !is_name(&name) {
        return Err((
            at("name"),
            format!("{name:?} is no name; use at most 31 small letters, digits and hyphens, a letter first"),
        ));
    }
    let percent = required(entry.percent, &at("percent"))?;
    let percent = millionths(&percent).map_err(|reason| (at("percent"), reason))?;
    let whole = u128::from(100 * PERCENT);
    let parts = SUPPLY * u128::from(percent);
    if !parts.is_multiple_of(whole) {
        return Err((at("percent"), format!("of {} OPG is no whole number of wei", format_grouped(SUPPLY))));
    }
    let tge = match (entry.tge_bps, entry.tge_fraction) {
        (Some(bps), None) => Fraction::new(bps, 10_000)
            .ok_or_else(|| (at("tgeBps"), format!("{bps} is more than everything; 10000 is 100 %")))?,
        (None, Some(text)) => fraction::parse(&text).map_err(|reason| (at("tgeFraction"), reason))?,
        (None, None) => return Err((at("tgeBps"), "is missing; give it or `tgeFraction`".into())),
        (Some(_), Some(_)) => {
            return Err((at("tgeFraction"), "contradicts `tgeBps`; give one of them".into()));
        }
    };
    let cliff_months = months(entry.cliff_months, &at("cliffMonths"))?;
    let linear_months = months(entry.linear_months, &at("linearMonths"))?;
    if tge.is_whole() && cliff_months + linear_months > 0 {
        let field = if cliff_months > 0 { "cliffMonths" } else { "linearMonths" };
        return Err((at(field), "must be 0 where everything is released at the TGE".into()));
    }
    if !tge.is_whole() && cliff_months + linear_months == 0 {
        return Err((at("linearMonths"), "must not be 0 where a rest is left to vest after the TGE".into()));
    }
    if name == "airdrop" && !tge.is_whole() {
        return Err((at("tgeBps"), "must be 10000: the airdrop pays its claims at once".into()));
    }
    Ok((Category { name, total: parts / whole, tge, cliff_months, linear_months }, percent))
}

fn required<T>(value: Option<T>, field: &str) -> Result<T, Fault> {
    value.ok_or_else(|| (field.to_owned(), "is missing".to_owned()))
}

fn months(value: Option<u32>, field: &str) -> Result<u32, Fault> {
    let months = required(value, field)?;
    if months > LONGEST {
        return Err((field.to_owned(), format!("{months} months is more than {LONGEST}")));
    }
    Ok(months)
}

/// Reads a percentage from its shortest decimal form, which is what the file says unless it is absurdly precise.
fn millionths(percent: &Number) -> Result<u64, String> {
    let text = percent.to_string();
    let fault =
        || format!("{text} is no percentage; write a number above 0 and up to 100, with at most 6 decimals");
    let plain = text.strip_suffix(".0").unwrap_or(&text);
    let wei = parse_opg(plain).map_err(|_| fault())?;
    let unit = 10_u128.pow(DECIMALS) / u128::from(PERCENT);
    if !wei.is_multiple_of(unit) {
        return Err(fault());
    }
    u64::try_from(wei / unit).ok().filter(|share| (1..=100 * PERCENT).contains(share)).ok_or_else(fault)
}

fn shown(millionths: u64) -> String {
    format!("{}.{:06}", millionths / PERCENT, millionths % PERCENT)
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// Reads Unix seconds or an RFC 3339 time.
pub fn parse_time(text: &str) -> Result<u64, String> {
    if let Some(seconds) = crate::decimal::parse(text).and_then(|seconds| u64::try_from(seconds).ok()) {
        return if seconds <= LATEST {
            Ok(seconds)
        } else {
            Err(format!("{text} is later than the vault can count"))
        };
    }
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        format!("{text:?} is no time; write Unix seconds or RFC 3339, as in 2026-04-21T00:00:00Z")
    })?;
    if time.subsec_nanosecond() != 0 {
        return Err(format!("{text:?} is not a whole second"));
    }
    u64::try_from(time.as_second()).map_err(|_| format!("{text:?} is before 1970"))
}

/// The vault counts starts in 40 bits; what lies beyond the year 9999 is a mistake anyway.
const LATEST: u64 = 253_402_300_799;
