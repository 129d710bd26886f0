//! What the book says.

use alloy::primitives::{Address, B256};
use rusqlite::{OptionalExtension as _, Row};
use serde::Serialize;

use super::{Book, BookError, DAY, OpenPayment, number, wei};

/// How often an answer that was paid is asked for again before its node is given up.
const TRIES: u32 = 3;
const OPEN: &str =
    "nonce, operator, version, url, input_hash, amount, valid_before, header, state = 'charged'";

/// What was spent in one day of UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// Unix time of its begin.
    pub begin: u64,
    /// OPG wei that were spent or may still be.
    #[serde(serialize_with = "decimal")]
    pub spent: u128,
    /// Payments with an answer that held.
    pub answered: u64,
    /// Payments whose answer was refused.
    pub refused: u64,
    /// Payments without an answer that may still be charged.
    pub open: u64,
    /// Payments that were charged and have no answer.
    pub charged: u64,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When its amount was taken out of the budget.
    pub created: u64,
    /// Who was to answer.
    pub operator: Address,
    /// The model version that was asked for.
    pub model_version: B256,
    /// OPG wei.
    #[serde(serialize_with = "decimal")]
    pub amount: u128,
    /// `open`, `answered`, `refused`, `charged` (and no answer came) or `released` (never charged).
    pub state: String,
    /// Of its receipt.
    pub request_id: Option<B256>,
    /// Why the answer was refused.
    pub reason: Option<String>,
}

fn decimal<S: serde::Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

impl Book {
    /// Payments for this request that were sent, are not answered, and were not asked about too often; the oldest first.
    pub(crate) fn resumable(&self, path: &str, input_hash: B256) -> Result<Vec<OpenPayment>, BookError> {
        let sql = format!(
            "SELECT {OPEN} FROM payments WHERE input_hash = ?1 AND path = ?2 AND state IN ('open', 'charged')
             AND header != '' AND tries < {TRIES} ORDER BY created"
        );
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map((input_hash.as_slice(), path), open)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A few of the payments without an answer that ended before `time`.
    pub(crate) fn ended(&self, time: u64) -> Result<Vec<OpenPayment>, BookError> {
        let sql = format!("SELECT {OPEN} FROM payments WHERE state = 'open' AND valid_before < ?1 LIMIT 64");
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map([number(time)], open)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether an answer of `operator` was refused within a day.
    pub(crate) fn is_distrusted(&self, operator: Address, now: u64) -> Result<bool, BookError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM payments WHERE operator = ?1 AND state = 'refused' AND created > ?2)";
        let key = (operator.as_slice(), number(now.saturating_sub(DAY)));
        Ok(self.connection().prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
    }

    /// The version that a name was tied to at its first use.
    pub(crate) fn pinned(&self, name: &str) -> Result<Option<B256>, BookError> {
        let sql = "SELECT version FROM pins WHERE name = ?1";
        let found = self.connection().query_row(sql, [name], |row| row.get::<_, [u8; 32]>(0)).optional()?;
        Ok(found.map(B256::from))
    }

    /// All names with their versions.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn pins(&self) -> Result<Vec<(String, B256)>, BookError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("SELECT name, version FROM pins ORDER BY name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?.into())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The receipt of a request as its node gave it, with its signature.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn receipt(&self, request_id: B256) -> Result<Option<String>, BookError> {
        let sql = "SELECT receipt FROM payments WHERE request_id = ?1 AND state IN ('answered', 'charged')";
        let connection = self.connection();
        Ok(connection.query_row(sql, [request_id.as_slice()], |row| row.get(0)).optional()?)
    }

    /// The last `count` days in which something was paid, the newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn days(&self, count: u32) -> Result<Vec<Day>, BookError> {
        let mut connection = self.connection();
        let tx = connection.transaction()?;
        let mut statement = tx.prepare_cached("SELECT day, spent FROM days ORDER BY day DESC LIMIT ?1")?;
        let rows =
            statement.query_map([count], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        let mut days = Vec::new();
        for row in rows {
            let (day, spent) = row?;
            days.push(Day { begin: day.unsigned_abs() * DAY, spent: wei(&spent), ..Day::default() });
        }
        let sql = "SELECT state, count(*) FROM payments WHERE created >= ?1 AND created < ?2 GROUP BY state";
        let mut statement = tx.prepare_cached(sql)?;
        for day in &mut days {
            let bounds = (number(day.begin), number(day.begin + DAY));
            let counts =
                statement.query_map(bounds, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
            for count in counts {
                let (state, count) = count?;
                match state.as_str() {
                    "answered" => day.answered = count.unsigned_abs(),
                    "refused" => day.refused = count.unsigned_abs(),
                    "open" => day.open = count.unsigned_abs(),
                    "charged" => day.charged = count.unsigned_abs(),
                    _ => {}
                }
            }
        }
        Ok(days)
    }

    /// The last `count` payments, the newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn payments(&self, count: u32) -> Result<Vec<Entry>, BookError> {
        let sql = "SELECT created, operator, version, amount, state, request_id, reason FROM payments
                   ORDER BY created DESC, rowid DESC LIMIT ?1";
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([count], |row| {
            Ok(Entry {
                created: row.get::<_, i64>(0)?.unsigned_abs(),
                operator: row.get::<_, [u8; 20]>(1)?.into(),
                model_version: row.get::<_, [u8; 32]>(2)?.into(),
                amount: wei(&row.get::<_, String>(3)?),
                state: row.get(4)?,
                request_id: row.get::<_, Option<[u8; 32]>>(5)?.map(B256::from),
                reason: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn open(row: &Row<'_>) -> rusqlite::Result<OpenPayment> {
    let word = |index| row.get::<_, [u8; 32]>(index).map(B256::from);
    Ok(OpenPayment {
        nonce: word(0)?,
        operator: row.get::<_, [u8; 20]>(1)?.into(),
        version: word(2)?,
        url: row.get(3)?,
        input_hash: word(4)?,
        amount: wei(&row.get::<_, String>(5)?),
        valid_before: row.get::<_, i64>(6)?.unsigned_abs(),
        header: row.get(7)?,
        is_charged: row.get(8)?,
    })
}
