use std::collections::HashMap;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::*;

const BUDGET: Budget = Budget { per_request: 60, per_day: 100 };
const PATH: &str = "/v1/chat/completions";

fn payment(number: u8, amount: u128) -> NewPayment {
    NewPayment {
        nonce: B256::repeat_byte(number),
        operator: Address::repeat_byte(7),
        version: B256::repeat_byte(8),
        url: "https://node".to_owned(),
        path: PATH,
        input_hash: B256::repeat_byte(9),
        amount,
        valid_before: 1_000,
    }
}

fn book() -> (tempfile::TempDir, Book) {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(&folder.path().join("book.db")).unwrap();
    (folder, book)
}

#[test]
fn neither_budget_is_ever_exceeded() {
    let (_folder, book) = book();
    let over = book.reserve(&payment(1, 61), BUDGET, 5).unwrap_err();
    assert!(matches!(over, BookError::Request { amount: 61, limit: 60 }), "{over}");
    book.reserve(&payment(1, 60), BUDGET, 5).unwrap();
    let over = book.reserve(&payment(2, 41), BUDGET, 5).unwrap_err();
    assert!(matches!(over, BookError::Day { left: 40, .. }), "{over}");
    book.reserve(&payment(3, 40), BUDGET, 5).unwrap();
    assert!(book.reserve(&payment(4, 1), BUDGET, DAY - 1).is_err());
    book.reserve(&payment(5, 60), BUDGET, DAY).unwrap();
    let unlimited = Budget { per_request: u128::MAX, per_day: u128::MAX };
    book.reserve(&payment(6, u128::MAX - 60), unlimited, DAY).unwrap();
    assert!(book.reserve(&payment(7, 1), unlimited, DAY).is_err(), "no sum overflows");
}

#[test]
fn only_what_cannot_be_charged_goes_back() {
    let (_folder, book) = book();
    let nonce = B256::repeat_byte;
    for number in 1..=4 {
        book.reserve(&payment(number, 20), BUDGET, 5).unwrap();
    }
    book.release(nonce(1)).unwrap();
    assert!(book.release(nonce(1)).is_err(), "not twice");
    book.answered(nonce(2), nonce(0xaa), "{}").unwrap();
    book.refused(nonce(3), "it lies", "{}").unwrap();
    book.charged(nonce(4), None).unwrap();
    for number in 2..=4 {
        assert!(book.release(nonce(number)).is_err(), "what was charged does not come back");
    }
    let day = Day { begin: 0, spent: 60, answered: 1, refused: 1, open: 0, charged: 1 };
    assert_eq!(book.days(9).unwrap(), [day]);
    assert_eq!(book.receipt(nonce(0xaa)).unwrap().as_deref(), Some("{}"));
    assert!(book.refused(nonce(2), "late", "").is_err(), "an answer that held stays");
    book.answered(nonce(4), nonce(0xbb), "{}").unwrap();
    let states: Vec<String> = book.payments(9).unwrap().into_iter().map(|entry| entry.state).collect();
    assert_eq!(states, ["answered", "refused", "answered", "released"]);
}

#[test]
fn a_book_opened_again_knows_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.db");
    let before = Book::open(&path).unwrap();
    before.reserve(&payment(1, 60), BUDGET, 5).unwrap();
    before.signed(B256::repeat_byte(1), "header").unwrap();
    before.reserve(&payment(2, 30), BUDGET, 5).unwrap();
    // As after a kill: nothing was closed.
    std::mem::forget(before);
    let book = Book::open(&path).unwrap();
    assert!(book.reserve(&payment(3, 11), BUDGET, 5).is_err());
    let open = book.resumable(PATH, B256::repeat_byte(9)).unwrap();
    assert_eq!(open.len(), 1, "what was never signed is owed nothing");
    assert_eq!((open[0].nonce, open[0].header.as_str()), (B256::repeat_byte(1), "header"));
    assert_eq!(book.ended(1_001).unwrap().len(), 2);
    assert_eq!(book.ended(1_000).unwrap().len(), 0);
    for _ in 0..3 {
        book.tried(B256::repeat_byte(1)).unwrap();
    }
    assert!(book.resumable(PATH, B256::repeat_byte(9)).unwrap().is_empty(), "a node is given up in the end");
}

#[test]
fn an_operator_that_lied_is_avoided_for_a_day() {
    let (_folder, book) = book();
    book.reserve(&payment(1, 1), BUDGET, 5).unwrap();
    let is_distrusted = |operator, now| book.is_distrusted(Address::repeat_byte(operator), now).unwrap();
    assert!(!is_distrusted(7, 6));
    book.refused(B256::repeat_byte(1), "it lies", "{}").unwrap();
    assert!(is_distrusted(7, 6) && !is_distrusted(8, 6) && !is_distrusted(7, 6 + DAY));
}

#[test]
fn a_name_means_what_it_meant_first() {
    let (_folder, book) = book();
    let (one, other) = (B256::repeat_byte(1), B256::repeat_byte(2));
    assert_eq!(book.pinned("m").unwrap(), None);
    assert_eq!(book.pin("m", one, 5).unwrap(), one);
    assert_eq!(book.pin("m", other, 6).unwrap(), one);
    assert_eq!(book.pins().unwrap(), [("m".to_owned(), one)]);
}

#[test]
fn nothing_is_reserved_on_a_full_disk() {
    let (_folder, book) = book();
    let budget = Budget { per_request: 100, per_day: 1_000 };
    book.reserve(&payment(1, 10), budget, 5).unwrap();
    let pages: i64 = book.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    book.connection().pragma_update(None, "max_page_count", pages).unwrap();
    let mut number = 1;
    let full = loop {
        number += 1;
        let mut next = payment(number, 1);
        next.url = "x".repeat(4_000);
        if let Err(error) = book.reserve(&next, budget, 5) {
            break error;
        }
    };
    assert!(matches!(full, BookError::Database(_)), "{full}");
    let day = book.days(1).unwrap().remove(0);
    assert_eq!(day.spent, 10 + u128::from(day.open - 1), "no sum without its payment");
    book.connection().pragma_update(None, "max_page_count", pages + 100).unwrap();
    book.reserve(&payment(200, 1), budget, 5).unwrap();
}

/// Any sequence of what can happen keeps the sums: what a day counts as spent is exactly its payments that are not released,
/// and is never over the budget. Two hands write, as two processes would.
#[test]
fn whatever_happens_the_sums_are_those_of_the_payments() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.db");
        let mut hands = [Book::open(&path).unwrap(), Book::open(&path).unwrap()];
        let mut model: HashMap<u8, (u64, u128, &str)> = HashMap::new();
        let budget = Budget { per_request: 40, per_day: 100 };
        for _ in 0..60 {
            let hand = random.random_range(0..2);
            if random.random_ratio(1, 10) {
                // A kill and a start.
                std::mem::forget(std::mem::replace(&mut hands[hand], Book::open(&path).unwrap()));
            }
            let book = &hands[hand];
            let number = random.random_range(0..24);
            let nonce = B256::repeat_byte(number);
            let state = model.get(&number).map(|(_, _, state)| *state);
            let now = random.random_range(0..3) * DAY;
            let sum = |day: u64| -> u128 {
                let counts =
                    model.values().filter(|(created, _, state)| created / DAY == day && *state != "released");
                counts.map(|(_, amount, _)| amount).sum()
            };
            let (next, done) = match random.random_range(0..5) {
                0 | 1 => {
                    let amount = random.random_range(0..=45);
                    let fits = state.is_none() && amount <= 40 && sum(now / DAY) + amount <= 100;
                    let done = book.reserve(&payment(number, amount), budget, now).is_ok();
                    assert_eq!(done, fits, "{state:?} {amount} {now}");
                    if done {
                        model.insert(number, (now, amount, "open"));
                    }
                    continue;
                }
                2 => ("released", book.release(nonce).is_ok()),
                3 => ("answered", book.answered(nonce, B256::repeat_byte(number), "{}").is_ok()),
                _ => ("charged", book.charged(nonce, None).is_ok()),
            };
            let may = match next {
                "released" => state == Some("open"),
                "answered" => matches!(state, Some("open" | "charged" | "answered")),
                _ => matches!(state, Some("open" | "charged")),
            };
            assert_eq!(done, may, "{state:?} to {next}");
            if done && let Some(entry) = model.get_mut(&number) {
                entry.2 = next;
            }
        }
        for day in hands[0].days(9).unwrap() {
            let of_day =
                |(created, _, state): &&(u64, u128, &str)| *created == day.begin && *state != "released";
            let spent: u128 = model.values().filter(of_day).map(|(_, amount, _)| amount).sum();
            assert_eq!(day.spent, spent);
            assert!(spent <= budget.per_day);
            let open = model.values().filter(of_day).filter(|(_, _, state)| *state == "open").count();
            assert_eq!(day.open, open as u64);
        }
    }
}

/// Many at once never take more than there is.
#[test]
fn at_once_no_more_is_reserved_than_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.db");
    Book::open(&path).unwrap();
    let taken: usize = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..4_u8)
            .map(|hand| {
                let path = &path;
                scope.spawn(move || {
                    let book = Book::open(path).unwrap();
                    let numbers = (0..8).map(|number| hand * 8 + number);
                    numbers.filter(|number| book.reserve(&payment(*number, 9), BUDGET, 5).is_ok()).count()
                })
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).sum()
    });
    assert_eq!(taken, 11, "eleven times nine is all that fits into a hundred");
}
