//! Answers that must match a pattern or a schema.

use opg_engine::local::Unobserved;
use opg_engine::{
    ChatInput, Completion, Constraint, Difference, FinishReason, Input, Output, Trace, Verdict,
};
use serde_json::{Value, json};

use crate::models::CHAT;

fn ask(question: &str, constraint: Constraint) -> ChatInput {
    ChatInput { max_tokens: Some(96), constraint: Some(constraint), ..ChatInput::ask(question) }
}

fn answer(input: &ChatInput) -> Completion {
    CHAT.run(&Input::Chat(input.clone()), &mut Unobserved).unwrap()
}

fn text(completion: &Completion) -> &str {
    let Output::Text(text) = &completion.output else { panic!("not a text") };
    text
}

fn check(input: &ChatInput, trace: &Trace) -> Verdict {
    CHAT.verify(&Input::Chat(input.clone()), trace).unwrap()
}

#[test]
fn answers_match_the_pattern_at_every_temperature() {
    let input = ask("Is the sky blue?", Constraint::Regex("(?:yes|no), [a-z]{3,8}\\.".to_owned()));
    for (temperature, seed) in [(0.0, 0), (0.7, 1), (1.5, 2), (2.0, 3)] {
        let input = ChatInput { temperature: Some(temperature), seed: Some(seed), ..input.clone() };
        let completion = answer(&input);
        let (word, rest) = text(&completion).split_once(", ").unwrap();
        assert!(word == "yes" || word == "no", "{word}");
        let letters = rest.strip_suffix('.').unwrap();
        assert!((3..=8).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert_eq!(completion.finish_reason, FinishReason::Stop);
        assert_eq!(check(&input, &completion.trace), Verdict::Match);
    }
}

#[test]
fn answers_are_json_of_the_schema() {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"enum": ["old", "new"]}, "maxItems": 2}
        },
        "required": ["name", "age", "tags"]
    });
    let question = "Describe a person as JSON with name, age and tags.";
    for temperature in [0.0, 1.0] {
        let constraint = Constraint::JsonSchema(schema.clone());
        let input = ChatInput { temperature: Some(temperature), ..ask(question, constraint) };
        let completion = answer(&input);
        let value: Value = serde_json::from_str(text(&completion)).unwrap();
        assert!(value["name"].as_str().unwrap().chars().count() <= 20);
        assert!(value["age"].is_i64());
        assert!(value["tags"].as_array().unwrap().iter().all(|tag| tag == "old" || tag == "new"));
        assert_eq!(check(&input, &completion.trace), Verdict::Match);
    }
}

/// The operator leaves the constraint out, follows another, or claims one that was not asked for.
#[test]
fn an_answer_to_another_constraint_is_found() {
    let asked = ask("Name a colour.", Constraint::Regex("[A-Z][a-z]{2,9}".to_owned()));
    let free = ChatInput { constraint: None, ..asked.clone() };
    let other = ask("Name a colour.", Constraint::Regex("[a-z]{2,9}".to_owned()));
    let honest = answer(&asked).trace;
    assert_eq!(check(&asked, &honest), Verdict::Match);
    for cheat in [&free, &other] {
        let mut trace = answer(cheat).trace;
        let differs = |trace: &Trace| match check(&asked, trace) {
            Verdict::Differs { what, .. } => what,
            Verdict::Match => panic!("not found"),
        };
        assert_eq!(differs(&trace), Difference::Sampling);
        trace.constraint.clone_from(&honest.constraint);
        assert!(matches!(differs(&trace), Difference::Token | Difference::Checkpoint | Difference::Length));
        assert!(matches!(check(cheat, &honest), Verdict::Differs { what: Difference::Sampling, .. }));
    }
}

/// Near its limit an answer is hurried to its end, so picks depend on constraint and limit at once.
#[test]
fn an_answer_under_a_constraint_replays_to_itself_under_that_constraint_alone() {
    for (temperature, max_tokens) in [(0.0, 96), (1.2, 96), (1.2, 12)] {
        let constraint = Constraint::Regex("(?:[a-z]{2,9} ){2,40}end".to_owned());
        let input = ChatInput {
            temperature: Some(temperature),
            max_tokens: Some(max_tokens),
            ..ask("Name some animals.", constraint)
        };
        let trace = answer(&input).trace;
        let asked = Input::Chat(input.clone());
        assert_eq!(CHAT.replay(&asked, &trace).unwrap(), trace.output_tokens);
        let gaps = CHAT.compare(&asked, &trace).unwrap();
        assert_eq!((gaps.different, gaps.most), (0, 0.0));

        let free = Input::Chat(ChatInput { constraint: None, ..input.clone() });
        let other = Input::Chat(ask("Name some animals.", Constraint::Regex("[a-z]+".to_owned())));
        for wrong in [free.clone(), other] {
            assert_eq!(CHAT.compare(&wrong, &trace).unwrap_err().code(), "engine.input");
            assert_eq!(CHAT.replay(&wrong, &trace).unwrap_err().code(), "engine.input");
        }
        // An answer that ignored its constraint does not pass as one that followed it.
        let mut ignoring = CHAT.run(&free, &mut Unobserved).unwrap().trace;
        ignoring.constraint.clone_from(&trace.constraint);
        assert!(CHAT.compare(&asked, &ignoring).unwrap().different > 0);
    }
}

#[test]
fn constraints_that_cannot_be_followed_are_refused_with_the_reason() {
    for (constraint, says) in [
        (Constraint::Regex("(".to_owned()), "not a usable pattern"),
        (Constraint::Regex("(?:a|b)*a(?:a|b){40}".to_owned()), "too complex"),
        (Constraint::Regex("x".repeat(20_000)), "at most 16384"),
        (Constraint::JsonSchema(json!({"type": "integer", "minimum": 1})), "`minimum`"),
    ] {
        let error = Input::Chat(ask("x", constraint)).validate().unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let input = Input::Chat(ask("x", Constraint::Regex("a+".to_owned())));
    assert_eq!(input.task().decode_input(&input.encode()).unwrap(), input);
}
