//! What a trace commits to, and that nothing in it can be changed unnoticed.

use std::time::Instant;

use opg_engine::local::{Accelerator, LocalModel, Unobserved};
use opg_engine::{ChatInput, Completion, Difference, Input, Sampling, Trace, Verdict};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::models::CHAT;
use crate::tiny::{self, Tiny};

fn ask(question: &str, max_tokens: u32, temperature: f64) -> ChatInput {
    ChatInput {
        max_tokens: Some(max_tokens),
        temperature: Some(temperature),
        top_p: Some(0.95),
        seed: Some(11),
        ..ChatInput::ask(question)
    }
}

fn answer(model: &LocalModel, input: &ChatInput) -> Completion {
    model.run(&Input::Chat(input.clone()), &mut Unobserved).unwrap()
}

fn check(model: &LocalModel, input: &ChatInput, trace: &Trace) -> Verdict {
    model.verify(&Input::Chat(input.clone()), trace).unwrap()
}

fn found(model: &LocalModel, input: &ChatInput, trace: &Trace) -> (Difference, u32) {
    match check(model, input, trace) {
        Verdict::Differs { what, position, .. } => (what, position),
        Verdict::Match => panic!("nothing was found"),
    }
}

#[test]
fn an_honest_trace_matches_and_commits_every_32_tokens() {
    for (question, temperature) in [("Tell me a long story.", 0.0), ("Write a poem about rain.", 0.9)] {
        let input = ask(question, 70, temperature);
        let completion = answer(&CHAT, &input);
        let trace = completion.trace;
        assert_eq!(check(&CHAT, &input, &trace), Verdict::Match);
        assert_eq!(trace.checkpoints.len(), trace.output_tokens.len().div_ceil(32));
        assert!(trace.checkpoints.iter().all(|hash| hash.len() == 64));
        let gaps = CHAT.compare(&Input::Chat(input), &trace).unwrap();
        assert_eq!((gaps.different, gaps.most), (0, 0.0));
    }
}

#[test]
fn stop_strings_and_penalties_are_checked_too() {
    let input = ChatInput {
        stop: Some(vec![" the".to_owned()]),
        top_k: Some(40),
        min_p: Some(0.02),
        repetition_penalty: Some(1.2),
        ..ask("Tell me about the sea.", 64, 1.0)
    };
    let trace = answer(&CHAT, &input).trace;
    assert_eq!(check(&CHAT, &input, &trace), Verdict::Match);
    let longer = ChatInput { stop: None, ..input.clone() };
    assert_eq!(found(&CHAT, &longer, &trace), (Difference::Length, trace.output_tokens.len() as u32));
}

/// Each way to lie about an answer of 70 tokens.
#[test]
fn every_change_to_a_trace_is_found() {
    let input = ask("Tell me a long story.", 70, 0.8);
    let trace = answer(&CHAT, &input).trace;
    let tokens = trace.output_tokens.len();
    assert!(tokens > 40, "an answer of {tokens} tokens is too short for this test");
    let with = |change: &dyn Fn(&mut Trace)| {
        let mut changed = trace.clone();
        change(&mut changed);
        found(&CHAT, &input, &changed)
    };
    for position in [0, 1, 31, 32, tokens - 1] {
        let (what, at) = with(&|trace| trace.output_tokens[position] ^= 1);
        assert_eq!((what, at), (Difference::Token, position as u32));
        let outside = with(&|trace| trace.output_tokens[position] = u32::MAX);
        assert_eq!(outside, (Difference::Token, position as u32));
    }
    assert_eq!(with(&|trace| trace.output_tokens.swap(3, 4)).1, 3);
    assert_eq!(with(&|trace| trace.output_tokens.truncate(tokens - 1)).0, Difference::Checkpoint);
    assert_eq!(with(&|trace| trace.output_tokens.clear()).0, Difference::Length);
    assert_eq!(with(&|trace| trace.input_tokens[2] ^= 1).0, Difference::Prompt);
    assert_eq!(with(&|trace| trace.profile.replace_range(0..1, "x")).0, Difference::Profile);
    assert_eq!(with(&|trace| trace.checkpoints[0] = "00".repeat(32)), (Difference::Checkpoint, 31));
    assert_eq!(with(&|trace| drop(trace.checkpoints.pop())).0, Difference::Checkpoint);
    assert_eq!(with(&|trace| trace.checkpoints.push("00".repeat(32))).0, Difference::Checkpoint);
    for change in [
        |sampling: &mut Sampling| sampling.temperature = 0.7,
        |sampling: &mut Sampling| sampling.seed += 1,
        |sampling: &mut Sampling| sampling.top_p = 1.0,
    ] {
        assert_eq!(with(&|trace| change(trace.sampling.as_mut().unwrap())).0, Difference::Sampling);
    }
}

/// The operator claims the request's parameters but computed with others.
#[test]
fn an_answer_made_with_other_parameters_is_found() {
    let input = ask("Tell me a long story.", 48, 0.8);
    let sampling = input.sampling();
    for cheat in [
        ChatInput { temperature: Some(1.2), ..input.clone() },
        ChatInput { seed: Some(12), ..input.clone() },
        ChatInput { temperature: Some(0.0), ..input.clone() },
        ChatInput { repetition_penalty: Some(1.3), ..input.clone() },
    ] {
        let mut trace = answer(&CHAT, &cheat).trace;
        trace.sampling = Some(sampling);
        let (what, _) = found(&CHAT, &input, &trace);
        assert!(matches!(what, Difference::Token | Difference::Checkpoint), "{what:?}");
    }
}

/// Weights that differ in a single number give checkpoints that differ, even where the tokens happen to agree.
#[test]
fn other_weights_are_found_by_the_checkpoints_alone() {
    let honest = Tiny::new().bytes();
    let mut swapped = honest.clone();
    let at = swapped.len() - 100;
    swapped[at] ^= 0x40;
    let (honest, swapped) = (tiny::load(&honest).unwrap(), tiny::load(&swapped).unwrap());
    let input = ask("hello", 24, 0.0);
    let mut trace = answer(&swapped, &input).trace;
    assert_eq!(found(&honest, &input, &trace).0, Difference::Profile);
    trace.profile = answer(&honest, &input).trace.profile;
    let (what, _) = found(&honest, &input, &trace);
    assert!(matches!(what, Difference::Token | Difference::Checkpoint), "{what:?}");
}

/// Any single change to any token of any answer.
#[test]
fn random_changes_of_tokens_are_found_where_they_are() {
    let model = tiny::load(&Tiny::new().bytes()).unwrap();
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let strategy = ("[a-z ]{1,12}", any::<u64>(), 0..40_usize, 1..250_u32, 0.0..2.0_f64);
    let result = TestRunner::new(config).run(&strategy, |(question, seed, at, change, temperature)| {
        let input = ChatInput { seed: Some(seed), ..ask(&question, 40, temperature) };
        let mut trace = answer(&model, &input).trace;
        prop_assert_eq!(check(&model, &input, &trace), Verdict::Match);
        let at = at % trace.output_tokens.len();
        trace.output_tokens[at] = (trace.output_tokens[at] + change) % 261;
        let (what, position) = found(&model, &input, &trace);
        prop_assert_eq!((what, position), (Difference::Token, at as u32));
        Ok(())
    });
    result.unwrap();
}

/// `cargo test --release -p opg-engine --test it costs -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn checking_costs_a_fraction_of_generating() {
    let question = "The sea is deep and blue. ".repeat(14) + "Tell me a very long story.";
    let input = ChatInput { temperature: Some(0.0), ..ask(&question, 128, 0.0) };
    answer(&CHAT, &input);
    for _ in 0..5 {
        let started = Instant::now();
        let completion = answer(&CHAT, &input);
        let generating = started.elapsed();
        let started = Instant::now();
        assert_eq!(check(&CHAT, &input, &completion.trace), Verdict::Match);
        let checking = started.elapsed();
        let share = checking.as_secs_f64() / generating.as_secs_f64();
        println!("{:?}: generated in {generating:?}, checked in {checking:?}: {share:.3}", completion.usage);
    }
}

#[test]
fn the_profile_names_the_weights_and_the_arithmetic() {
    let (_file, manifest) = tiny::manifest(&Tiny::new().bytes(), opg_engine::Task::Chat);
    let model = LocalModel::load(&manifest, Accelerator::Cpu).unwrap();
    let profile = model.profile();
    assert!(profile.is_exact());
    assert_eq!(profile.weights, opg_engine::digest::hex(&manifest.weights_digest));
    assert_ne!(profile.digest(), CHAT.profile().digest());
    assert_eq!(profile.require(&profile.digest()), Ok(()));
    let error = profile.require(&CHAT.profile().digest()).unwrap_err();
    assert_eq!(error.code(), "engine.profile");
    assert!(error.to_string().contains("exact/1"), "{error}");
}
