//! Bytes of on-chain inputs and outputs.

use opg_engine::wire::MAX_INPUT_BYTES;
use opg_engine::{ChatInput, EmbeddingInput, Input, InputError, Message, Output, Role, Task};
use proptest::prelude::*;

fn refused(task: Task, bytes: &str, says: &str) {
    let error = task.decode_input(bytes.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(says), "{bytes}: {error}");
}

#[test]
fn the_documented_example_decodes() {
    let bytes = br#"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],
        "max_tokens":32,"temperature":0.7,"top_p":0.9,"seed":18446744073709551615,"stop":["\n\n"]}"#;
    let Input::Chat(chat) = Task::Chat.decode_input(bytes).unwrap() else { panic!("not a chat") };
    assert_eq!(chat.messages[0], Message::new(Role::System, "Be brief."));
    assert_eq!((chat.max_tokens, chat.temperature, chat.top_p), (Some(32), Some(0.7), Some(0.9)));
    assert_eq!((chat.seed, chat.stop), (Some(u64::MAX), Some(vec!["\n\n".to_owned()])));
}

#[test]
fn bad_chats_are_refused_with_the_reason() {
    let chat = |rest: &str| format!(r#"{{"messages":[{{"role":"user","content":"x"}}]{rest}}}"#);
    refused(Task::Chat, "", "not a valid chat/1 request");
    refused(Task::Chat, "[]", "not a valid chat/1 request");
    refused(Task::Chat, "{}", "messages");
    refused(Task::Chat, r#"{"messages":[]}"#, "at least one message");
    refused(Task::Chat, r#"{"messages":[{"role":"robot","content":"x"}]}"#, "unknown variant `robot`");
    refused(Task::Chat, r#"{"messages":[{"role":"tool","content":"x"}]}"#, "tool_call_id");
    refused(Task::Chat, r#"{"messages":[{"role":"user","content":"x","name":"y"}]}"#, "unknown field `name`");
    refused(Task::Chat, &chat(r#","stream":true"#), "unknown field `stream`");
    refused(Task::Chat, &chat(r#","seed":1,"seed":2"#), "duplicate field `seed`");
    refused(Task::Chat, &chat(r#","seed":-1"#), "integer `-1`");
    refused(Task::Chat, &chat(r#","max_tokens":0"#), "`max_tokens`");
    refused(Task::Chat, &chat(r#","temperature":2.1"#), "`temperature`");
    refused(Task::Chat, &chat(r#","temperature":-0.1"#), "`temperature`");
    refused(Task::Chat, &chat(r#","top_p":0"#), "`top_p`");
    refused(Task::Chat, &chat(r#","stop":["a",""]"#), "`stop[1]`");
    refused(Task::Chat, &chat(&format!(r#","stop":["{}"]"#, "s".repeat(129))), "`stop[0]`");
    refused(Task::Chat, &format!("{} trailing", chat("")), "trailing");
    refused(Task::Chat, &" ".repeat(MAX_INPUT_BYTES + 1), "over the limit");
    assert!(matches!(Task::Chat.decode_input(b"{\"messages\":\"\xFF\"}"), Err(InputError::Malformed { .. })));
}

#[test]
fn bad_embeddings_are_refused_with_the_reason() {
    refused(Task::Embedding, r#"{"input":""}"#, "`input`");
    refused(Task::Embedding, r#"{"input":["a"]}"#, "not a valid embedding/1 request");
    refused(Task::Embedding, r#"{"input":"a","model":"b"}"#, "unknown field `model`");
}

#[test]
fn vectors_are_big_endian_sixteen_bit() {
    let output = Output::Embedding(vec![1.0, -1.0, 0.0, 0.5, -0.25, 1.0001]);
    let bytes = output.encode();
    assert_eq!(bytes, [0x7F, 0xFF, 0x80, 0x01, 0, 0, 0x40, 0x00, 0xE0, 0x00, 0x7F, 0xFF]);
    let Output::Embedding(back) = Task::Embedding.decode_output(&bytes).unwrap() else {
        panic!("not a vector")
    };
    assert!((back[3] - 0.5).abs() < 1e-4);
    assert!(Task::Embedding.decode_output(&bytes[1..]).is_err());
    assert!(Task::Chat.decode_output(b"\xFF").is_err());
}

#[test]
fn task_names_carry_their_version() {
    assert_eq!(Task::parse_name("chat/1"), Some(Task::Chat));
    assert_eq!(Task::parse_name("embedding/1"), Some(Task::Embedding));
    assert_eq!(Task::parse_name("chat"), None);
    assert_eq!(Task::parse_name("chat/2"), None);
}

#[test]
fn traces_write_the_seed_as_text() {
    let sampling = ChatInput { seed: Some(u64::MAX), ..ChatInput::ask("x") }.sampling();
    let json = serde_json::to_string(&sampling).unwrap();
    let expected = r#"{"temperature":0.0,"topP":1.0,"topK":0,"minP":0.0,"repetitionPenalty":1.0,"seed":"18446744073709551615"}"#;
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<opg_engine::Sampling>(&json).unwrap(), sampling);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inputs_survive_encoding(
        content in ".{0,200}",
        max_tokens in proptest::option::of(1_u32..),
        temperature in proptest::option::of(0.0..=2.0_f64),
        top_p in proptest::option::of(f64::MIN_POSITIVE..=1.0),
        seed in proptest::option::of(any::<u64>()),
        stop in proptest::option::of(proptest::collection::vec(".{1,20}", 0..8)),
    ) {
        let chat = Input::Chat(ChatInput { max_tokens, temperature, top_p, seed, stop, ..ChatInput::ask(content.clone()) });
        prop_assert_eq!(Task::Chat.decode_input(&chat.encode()), Ok(chat));
        if !content.is_empty() {
            let embedding = Input::Embedding(EmbeddingInput { input: content });
            prop_assert_eq!(Task::Embedding.decode_input(&embedding.encode()), Ok(embedding));
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for task in Task::ALL {
            let _ = task.decode_input(&bytes);
            let _ = task.decode_output(&bytes);
        }
    }
}
