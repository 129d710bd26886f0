//! Bad tables of beneficiaries: each is refused with file, line and reason, and nothing is left behind.

use crate::support::Sandbox;

const ALICE: &str = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
const BOB: &str = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
const CAROL: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
const HEADER: &str = "beneficiary,amount,revocable,transferable";

#[track_caller]
fn refused(name: &str, content: impl AsRef<[u8]>, line: u64, reason: &str) {
    let sandbox = Sandbox::new();
    sandbox.table(name, content);
    let error = sandbox.build().unwrap_err().to_string();
    let place = format!("{name}.csv, line {line}: ");
    assert!(error.contains(&place), "wanted {place:?}: {error}");
    assert!(error.contains(reason), "wanted {reason:?}: {error}");
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

/// A table of investors, 100,000,000 OPG in all, with `row` between two good ones.
fn with(row: &str) -> String {
    format!("{HEADER}\n{ALICE},40000000,false,false\n{row}\n{BOB},60000000,false,false\n")
}

#[test]
fn bad_rows_are_refused() {
    let lower = CAROL.to_lowercase();
    let table: &[(String, &str)] = &[
        (format!("{CAROL},-1,false,false"), "amount \"-1\" is negative"),
        (format!("{CAROL},0,false,false"), "amount is zero"),
        (format!("{CAROL},0.0,false,false"), "amount is zero"),
        (format!("{CAROL},1.0000000000000000001,false,false"), "has 19 decimals; OPG has 18"),
        (format!("{CAROL},1e3,false,false"), "is no number"),
        (format!("{CAROL}, 1,false,false"), "is no number"),
        (format!("{CAROL},340282366920938463464,false,false"), "is absurdly large"),
        (format!("{CAROL},{},false,false", "9".repeat(60)), "is absurdly large"),
        (format!("{lower},1,false,false"), "wrong checksum (EIP-55)"),
        (format!("{},1,false,false", CAROL.replace("9965507D", "9965507d")), "wrong checksum (EIP-55)"),
        (format!("{},1,false,false", &CAROL[2..]), "is no address"),
        (format!("{}0,1,false,false", CAROL), "is no address"),
        ("vitalik.eth,1,false,false".to_owned(), "is no address"),
        (format!("0x{},1,false,false", "0".repeat(40)), "is the zero address"),
        (format!("{CAROL},1,no,false"), "revocable is \"no\""),
        (format!("{CAROL},1,false,"), "transferable is \"\""),
        (format!("{CAROL},1,false"), "has 3 fields, the header has 4"),
        (format!("{CAROL},1,000,false,false"), "has 5 fields, the header has 4"),
        (format!("\"{CAROL}\",1,false,false"), "has quotes"),
        (String::new(), "is empty"),
        (format!("{CAROL},{},false,false", "1".repeat(100_000)), "is longer than 256 bytes"),
    ];
    for (row, reason) in table {
        refused("investors", with(row), 3, reason);
    }
}

#[test]
fn a_beneficiary_that_is_there_twice_is_refused_at_its_second_line() {
    let table = format!(
        "{HEADER}\n{ALICE},1,false,false\n{BOB},50000000,false,false\n{CAROL},9,false,false\n{BOB},49999990,true,false\n"
    );
    refused("investors", table, 5, "is there already, in line 3");
}

#[test]
fn a_sum_that_is_off_by_one_wei_is_refused() {
    let table = |amount: &str| format!("{HEADER}\n{ALICE},1,false,false\n{BOB},{amount},false,false\n");
    refused("investors", table("99999999.000000000000000001"), 3, "1 wei too many");
    refused("investors", table("99999998.999999999999999999"), 3, "1 wei missing");
}

#[test]
fn an_excess_is_reported_where_it_arises() {
    let table =
        format!("{HEADER}\n{ALICE},100000000,false,false\n{BOB},2,false,false\n{CAROL},1,false,false\n");
    refused("investors", table, 3, "the amounts sum to 100000002 OPG here");
}

#[test]
fn bad_headers_are_refused() {
    let row = format!("{ALICE},100000000\n");
    refused("investors", format!("beneficiary\n{row}"), 1, "column \"amount\" is missing");
    refused("investors", format!("amount\n{row}"), 1, "column \"beneficiary\" is missing");
    refused("investors", format!("beneficiary,amount,note\n{row}"), 1, "unknown column \"note\"");
    refused("investors", format!("beneficiary,amount,amount\n{row}"), 1, "column \"amount\" is there twice");
    refused("investors", format!("\u{feff}beneficiary,amount\n{row}"), 1, "byte order mark");
    refused("investors", row, 1, "unknown column \"0x90F79");
    refused("investors", "", 1, "unknown column \"\"");
    refused(
        "airdrop",
        format!("beneficiary,amount,revocable\n{ALICE},40000000,true\n"),
        1,
        "unknown column \"revocable\"",
    );
}

#[test]
fn a_table_without_rows_is_refused() {
    refused("investors", format!("{HEADER}\n"), 1, "100000000000000000000000000 wei missing");
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let mut table = format!("{HEADER}\n{ALICE},1,false,false\n").into_bytes();
    table.extend_from_slice(b"0x\xff\xfe,1,false,false\n");
    refused("investors", table, 3, "is not UTF-8 (byte 3 of the line)");
}

#[test]
fn a_file_without_line_breaks_is_refused_without_being_read_whole() {
    refused("investors", vec![b'a'; 50_000_000], 1, "is longer than 256 bytes");
}

#[test]
fn a_table_that_nobody_reads_is_refused() {
    refused("investor", with(""), 1, "belongs to no category");
    refused("staking-rewards", with(""), 1, "a category whose one beneficiary is a contract");
}

#[test]
fn a_missing_table_is_named() {
    let sandbox = Sandbox::new();
    std::fs::remove_file(sandbox.beneficiaries().join("liquidity.csv")).unwrap();
    let error = sandbox.build().unwrap_err().to_string();
    assert!(error.contains("liquidity.csv"), "{error}");
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn columns_may_come_in_any_order_and_lines_may_end_as_windows_ends_them() {
    let sandbox = Sandbox::new();
    let (_, expected) = Sandbox::built();
    let table = std::fs::read_to_string(sandbox.beneficiaries().join("airdrop.csv")).unwrap();
    let swapped: String = table
        .lines()
        .map(|line| line.split_once(',').map(|(a, b)| format!("{b},{a}\r\n")).unwrap())
        .collect();
    sandbox.table("airdrop", swapped.trim_end());
    assert_eq!(sandbox.build().unwrap(), expected);
}
