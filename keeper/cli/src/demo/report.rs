//! What happened, in readable form and as one object.

use alloy::primitives::{Bytes, U256};
use opg_chain::ledger::PROOF_LENGTH;
use opg_receipts::{InferenceReceipt, SIGNATURE_LENGTH};
use serde_json::{Value, json};

use super::{ask::Asked, earnings::Earnings, fault, genesis::Genesis, stake::Stake, watch::Answered};
use crate::{
    args::DemoArgs,
    config::units::{Opg, decimal},
    devnet::digits::Digit,
    error::CliResult,
    output::{Output, fields},
};

/// How an output is shown to people.
type Show = fn(&Bytes) -> String;

/// OPG wei of the two parties.
#[derive(Clone, Copy, Debug)]
pub(super) struct Balances {
    pub(super) user: U256,
    pub(super) user_credit: U256,
    pub(super) operator: U256,
    /// Fees that are not divided yet.
    pub(super) operator_fees: U256,
}

/// Everything about the run.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) genesis: Genesis,
    pub(super) stake: Stake,
    /// What the classifier was asked about.
    pub(super) digit: &'a Digit,
    pub(super) questions: &'a [Asked],
    pub(super) answers: &'a [Answered],
    pub(super) before: Balances,
    pub(super) after: Balances,
    /// After the operator collected.
    pub(super) settled: Balances,
    pub(super) earnings: Earnings,
}

impl Report<'_> {
    /// Refuses a run that went through without being right.
    pub(super) fn check(&self) -> CliResult {
        self.genesis.check()?;
        self.stake.check()?;
        let [chat, embedding, digit] = self.answers else {
            return Err(fault("answers", "three were expected"));
        };
        let text = text_of(&chat.fulfilment.output);
        if text.trim().is_empty() {
            return Err(fault("chat answer", "it is empty"));
        }
        if chat.delivered.as_ref() != Some(&chat.fulfilment.output) {
            return Err(fault("AskModel", "the contract did not receive the answer"));
        }
        let vector = vector_of(&embedding.fulfilment.output);
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        if vector.is_empty() || (length - 1.0).abs() > 0.01 {
            return Err(fault("embedding", format!("{} components of length {length:.3}", vector.len())));
        }
        // Whether it is right is the model's business; that the chain accepted it says that it is the model's answer.
        if digit.fulfilment.output.len() != 1 || digit.proving_ms.is_none() {
            let reason = format!(
                "its output is {} and its proof took {:?} ms",
                digit.fulfilment.output, digit.proving_ms
            );
            return Err(fault("proved classification", reason));
        }
        let fees = self.fees();
        let waiting = self.after.operator_fees.saturating_sub(self.before.operator_fees);
        if fees.is_zero() || waiting != fees || self.earnings.routed != self.after.operator_fees {
            return Err(fault(
                "fees",
                format!("{fees} wei were charged, {waiting} waited, {} were divided", self.earnings.routed),
            ));
        }
        self.earnings.check()?;
        let received = self.settled.operator.saturating_sub(self.before.operator);
        if received != self.earnings.collected {
            let collected = self.earnings.collected;
            return Err(fault("fees", format!("{collected} wei were collected, {received} arrived")));
        }
        Ok(())
    }

    fn fees(&self) -> U256 {
        self.answers.iter().map(|answer| U256::from(answer.fulfilment.fee)).sum()
    }

    /// Prints it.
    pub(super) fn print(&self, args: &DemoArgs, output: Output) {
        if output.is_json() {
            output.line(&self.document(args).to_string());
            return;
        }
        output.line(&format!("\nGenesis\n{}", self.genesis.text()));
        output.line(&format!("\nStake\n{}", self.stake.text()));
        let digit = format!("which digit is this? (labelled {} in the test set)", self.digit.label);
        let shown: [(&str, &str, Show); 3] = [
            ("A contract asks a chat model", &args.question, text_of),
            ("An account asks for an embedding", &args.text, shown_vector),
            ("An account asks for a classification with a proof of it", &digit, shown_class),
        ];
        for ((asked, answer), (title, question, show)) in self.questions.iter().zip(self.answers).zip(shown) {
            let picture = answer.proving_ms.map_or_else(String::new, |_| picture(&self.digit.pixels));
            let rows = rows(asked, answer, question, show(&answer.fulfilment.output));
            output.line(&format!("\n{title}\n{picture}{}", fields(&rows)));
        }
        output.line(&format!("\nMoney\n{}", fields(&self.money())));
        output.line(&format!("\n{}", self.summary()));
    }

    fn money(&self) -> Vec<(&'static str, String)> {
        let change =
            |before: U256, after: U256| format!("{} → {} OPG", decimal(before, 18), decimal(after, 18));
        vec![
            ("user's balance", change(self.before.user, self.after.user)),
            ("user's credit", change(self.before.user_credit, self.after.user_credit)),
            ("operator's fees", change(self.before.operator_fees, self.after.operator_fees)),
            ("divided", self.earnings.text()),
            ("operator's balance", change(self.before.operator, self.settled.operator)),
        ]
    }

    /// The last line: what a script looks for.
    fn summary(&self) -> String {
        let mut line = "DEMO OK".to_owned();
        for (name, answer) in ["chat", "embedding", "digit"].iter().zip(self.answers) {
            let seconds = seconds(answer.stages.seen, answer.stages.mined.unwrap_or(answer.stages.seen));
            line.push_str(&format!(
                " {name}_request={} {name}_tx={} {name}_gas={} {name}_fee_wei={} {name}_seconds={seconds:.2}",
                answer.request_id, answer.transaction, answer.gas, answer.fulfilment.fee
            ));
        }
        if let Some(took) = self.answers.iter().find_map(|answer| answer.proving_ms) {
            line.push_str(&format!(" digit_proving_seconds={:.2}", seconds(0, took)));
        }
        let (input, output) = self.units();
        line.push_str(&format!(
            " input_units={input} output_units={output} receipts_verified={}",
            self.answers.len()
        ));
        line
    }

    fn units(&self) -> (u64, u64) {
        let sum = |of: fn(&Answered) -> u64| self.answers.iter().map(of).sum();
        (sum(|answer| answer.fulfilment.inputUnits), sum(|answer| answer.fulfilment.outputUnits))
    }

    fn document(&self, args: &DemoArgs) -> Value {
        let answers: Vec<_> =
            self.questions.iter().zip(self.answers).map(|(asked, answer)| one(asked, answer)).collect();
        json!({
            "ok": true,
            "question": args.question,
            "answer": self.answers.first().map(|answer| text_of(&answer.fulfilment.output)),
            "dimensions": self.answers.get(1).map(|answer| vector_of(&answer.fulfilment.output).len()),
            "digit": {
                "label": self.digit.label,
                "class": self.answers.last().and_then(|answer| answer.fulfilment.output.first()),
            },
            "requests": answers,
            "genesis": self.genesis.document(),
            "stake": self.stake.document(),
            "feesWei": self.fees().to_string(),
            "fees": self.earnings.document(),
            "summary": self.summary(),
        })
    }
}

fn receipt(asked: &Asked, answer: &Answered) -> InferenceReceipt {
    answer.fulfilment.receipt(asked.request_id, &asked.request)
}

fn one(asked: &Asked, answer: &Answered) -> Value {
    json!({
        "requestId": answer.request_id,
        "requestTransaction": asked.transaction,
        "transaction": answer.transaction,
        "block": answer.block,
        "gas": answer.gas,
        "receipt": receipt(asked, answer),
        "signature": signature(answer),
        "proof": proof(answer),
        "provingMs": answer.proving_ms,
        "modelMs": answer.model_ms,
        "stages": answer.stages,
        "input": asked.input,
        "output": answer.fulfilment.output,
        "delivered": answer.delivered.is_some(),
        "verified": true,
        "recomputed": true,
    })
}

/// The operator's signature; a proof follows it in the evidence.
fn signature(answer: &Answered) -> Bytes {
    let evidence = &answer.fulfilment.evidence;
    evidence.slice(..SIGNATURE_LENGTH.min(evidence.len()))
}

/// The proof, where the answer has one.
fn proof(answer: &Answered) -> Option<Bytes> {
    let evidence = &answer.fulfilment.evidence;
    let end = SIGNATURE_LENGTH + PROOF_LENGTH;
    (evidence.len() > end).then(|| evidence.slice(SIGNATURE_LENGTH..end))
}

fn rows(asked: &Asked, answer: &Answered, question: &str, shown: String) -> Vec<(&'static str, String)> {
    let receipt = receipt(asked, answer);
    let stages = &answer.stages;
    let after_seen = |at: Option<u64>| {
        at.map_or_else(|| "-".to_owned(), |at| format!("{:.2} s", seconds(stages.seen, at)))
    };
    let mut rows = vec![
        ("question", question.to_owned()),
        ("answer", shown),
        ("request", answer.request_id.to_string()),
        ("model version", receipt.modelVersion.to_string()),
        ("operator", receipt.operator.to_string()),
        ("input hash", receipt.inputHash.to_string()),
        ("output hash", receipt.outputHash.to_string()),
        ("trace hash", receipt.traceHash.to_string()),
        (
            "units",
            format!("{} in + {} out at {}", receipt.inputUnits, receipt.outputUnits, Opg(receipt.unitPrice)),
        ),
        ("fee", format!("{} of at most {}", Opg(receipt.fee), Opg(asked.request.maxFee))),
        ("signature", signature(answer).to_string()),
        ("transaction", format!("{} in block {}, {} gas", answer.transaction, answer.block, answer.gas)),
        (
            "timing",
            format!(
                "model {:.2} s; after the event was seen: answered {}, broadcast {}, mined {}",
                f64::from(u32::try_from(answer.model_ms).unwrap_or(u32::MAX)) / 1_000.0,
                after_seen(stages.answered),
                after_seen(stages.broadcast),
                after_seen(stages.mined),
            ),
        ),
    ];
    let mut verified = "opg receipt verify, from the chain alone: valid".to_owned();
    if let (Some(proof), Some(took)) = (proof(answer), answer.proving_ms) {
        rows.push(("proof", proof.to_string()));
        rows.push((
            "proving",
            format!("{:.2} s, in a process of its own after the answer", seconds(0, took)),
        ));
        verified.push_str("; the proof was checked by the chain before it paid");
    }
    rows.push(("verified", verified));
    rows.push(("recomputed", "opg receipt recompute, from the request: the same bits".to_owned()));
    rows
}

fn seconds(from_ms: u64, to_ms: u64) -> f64 {
    std::time::Duration::from_millis(to_ms.saturating_sub(from_ms)).as_secs_f64()
}

fn text_of(output: &Bytes) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Components of an `embedding/1` output: big-endian 16-bit integers, 32767 standing for 1.
fn vector_of(output: &Bytes) -> Vec<f64> {
    output.chunks_exact(2).map(|pair| f64::from(i16::from_be_bytes([pair[0], pair[1]])) / 32_767.0).collect()
}

fn shown_vector(output: &Bytes) -> String {
    let vector = vector_of(output);
    let head: Vec<_> = vector.iter().take(4).map(|x| format!("{x:.4}")).collect();
    format!("[{}, …] {} dimensions", head.join(", "), vector.len())
}

/// The one byte of a classifier.
fn shown_class(output: &Bytes) -> String {
    output.first().map_or_else(|| "-".to_owned(), u8::to_string)
}

/// An image of 8×8 pixels from 0 to 16.
fn picture(pixels: &[u8]) -> String {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let shade = |pixel: &u8| SHADES[usize::from(*pixel).div_ceil(4).min(SHADES.len() - 1)];
    let line = |row: &[u8]| row.iter().flat_map(|pixel| [shade(pixel); 2]).collect::<String>();
    pixels.chunks(8).map(|row| format!("    {}\n", line(row))).collect()
}
