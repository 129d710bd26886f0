//! Agreement with independent implementations; see the generators in `test/vectors/engine`.

use opg_engine::local::Unobserved;
use opg_engine::{ChatInput, FinishReason, Input, Message, Output};
use serde::Deserialize;

use crate::models::CHAT;

/// llama.cpp multiplies Q4_1 weights with activations rounded to 8 bits in blocks, with sums in another order
/// than candle. Where its first two choices are closer than this in log-probability, either may win; what
/// follows is then another text and is not compared.
const NEAR_TIE: f64 = 0.05;

#[derive(Deserialize)]
struct Smollm2 {
    texts: Vec<Text>,
    chats: Vec<Chat>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Chat {
    messages: Vec<Message>,
    prompt: Vec<u32>,
    tokens: Vec<u32>,
    gaps: Vec<f64>,
    text: String,
    ended: bool,
}

fn smollm2() -> Smollm2 {
    serde_json::from_str(include_str!("../../../../test/vectors/engine/smollm2.json")).unwrap()
}

fn greedy(chat: &Chat) -> Input {
    Input::Chat(ChatInput {
        messages: chat.messages.clone(),
        max_tokens: Some(chat.tokens.len() as u32),
        ..ChatInput::ask("")
    })
}

#[test]
fn token_ids_are_those_of_llama_cpp() {
    let texts = smollm2().texts;
    assert!(texts.len() >= 20);
    for Text { text, ids } in texts {
        assert_eq!(CHAT.encode_text(&text).unwrap(), ids, "{text:?}");
    }
}

#[test]
fn prompts_are_those_of_llama_cpp() {
    for chat in smollm2().chats {
        assert_eq!(CHAT.prompt(&greedy(&chat)).unwrap(), chat.prompt, "{:?}", chat.messages);
    }
}

#[test]
fn greedy_answers_are_those_of_llama_cpp_up_to_a_near_tie() {
    let chats = smollm2().chats;
    let (mut compared, mut total) = (0, 0);
    for chat in &chats {
        let completion = CHAT.run(&greedy(chat), &mut Unobserved).unwrap();
        let tokens = &completion.trace.output_tokens;
        let same = tokens.iter().zip(&chat.tokens).take_while(|(ours, theirs)| ours == theirs).count();
        eprintln!("{same} of {} tokens agree; then gap {:?}", chat.tokens.len(), chat.gaps.get(same));
        compared += same;
        total += chat.tokens.len();
        if same == chat.tokens.len() {
            assert_eq!(completion.output, Output::Text(chat.text.clone()));
            let expected = if chat.ended { FinishReason::Stop } else { FinishReason::Length };
            assert_eq!(completion.finish_reason, expected);
            continue;
        }
        let gap = chat.gaps[same];
        assert!(gap < NEAR_TIE, "token {same} differs though llama.cpp was sure by {gap}: {:?}", chat.messages);
    }
    // Near ties excuse single answers, not most of them.
    assert!(compared * 10 >= total * 6, "only {compared} of {total} tokens could be compared");
}
