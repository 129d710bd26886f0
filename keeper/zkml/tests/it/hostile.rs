//! ONNX files that were made to hurt: each is refused, quickly and in little memory.

use std::time::{Duration, Instant};

use opg_zkml::import;

use crate::onnx::{Message, file, floats, graph, integers, ints, model, node, shaped, value};

/// Far more than any of these takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(5);

fn assert_refused(file: &[u8], expected: &str) {
    let started = Instant::now();
    let error = import::read(file).expect_err(expected).to_string();
    assert!(started.elapsed() < PATIENCE, "{expected}: took {:?}", started.elapsed());
    assert!(error.contains(expected), "{expected}: {error}");
    assert!(error.len() < 1000 && !error.contains('\n'), "a message for people: {error}");
}

fn gemm() -> Message {
    node("Gemm", &["x", "w"], "y", &[])
}

fn with_weights(weights: &Message) -> Vec<u8> {
    model(&[4], &[gemm()], std::slice::from_ref(weights))
}

#[test]
fn huge_and_impossible_shapes_are_refused() {
    let most = i64::MAX;
    assert_refused(&with_weights(&shaped("w", &[most, most], 1)), "does not hold");
    assert_refused(&with_weights(&shaped("w", &[1 << 32, 1 << 32], 1)), "does not hold");
    assert_refused(&with_weights(&shaped("w", &[1 << 62, 4], 1)), "does not hold");
    assert_refused(&with_weights(&shaped("w", &[-1, 4], 1)), "negative");
    assert_refused(&with_weights(&shaped("w", &[1; 9], 1)), "9 dimensions");
    assert_refused(&model(&[most], &[gemm()], &[]), "values");
    assert_refused(&model(&[most, most, most], &[gemm()], &[]), "values");
    assert_refused(&model(&[-4], &[gemm()], &[]), "known lengths");
    let one = [floats("w", &[1, 1, 1, 1], &[1.0])];
    // A small file may ask for windows over more than any tensor may hold.
    let wide = |pads: i64| node("Conv", &["x", "w"], "y", &[ints("pads", &[0, 0, pads, pads])]);
    assert_refused(&model(&[1, 4, 4], &[wide(most)], &one), "does not fit data");
    assert_refused(&model(&[1, 4, 4], &[wide(1 << 20)], &one), "does not fit data");
    let pool = node("MaxPool", &["x"], "y", &[ints("kernel_shape", &[most, most])]);
    assert_refused(&model(&[1, 4, 4], &[pool], &[]), "does not fit data");
    for target in [[-1, most, most, most], [-1, -1, 1, 1], [1, 1 << 40, 1 << 40, 16], [-7, 4, 1, 1]] {
        let reshape = node("Reshape", &["x", "s"], "y", &[]);
        assert_refused(&model(&[4], &[reshape], &[integers("s", &target)]), "is not (batch, length)");
    }
}

/// As many multiplications as 2^40, from a file of a few hundred bytes.
#[test]
fn more_work_than_a_model_may_ask_for_is_refused() {
    let taps = 200;
    let conv = |from: &str, to: &str| {
        node("Conv", &[from, "w"], to, &[ints("pads", &[taps / 2, taps / 2, taps / 2 - 1, taps / 2 - 1])])
    };
    let weights = [floats("w", &[1, 1, taps, taps], &vec![1.0; (taps * taps) as usize])];
    let file = model(&[1, 1000, 1000], &[conv("x", "a"), conv("a", "y")], &weights);
    assert_refused(&file, "multiplications");
}

#[test]
fn empty_tensors_are_refused() {
    assert_refused(&with_weights(&floats("w", &[4, 0], &[])), "does not hold");
    assert_refused(&with_weights(&shaped("w", &[0], 1)), "does not hold");
    assert_refused(&model(&[0], &[gemm()], &[]), "values");
    assert_refused(&model(&[3, 0, 5], &[gemm()], &[]), "values");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_refused(&with_weights(&floats("w", &[4, 1], &[0.0, 1.0, bad, 2.0])), "no number");
        let alpha = Message::default().bytes(1, "alpha").float(2, bad);
        let scaled = node("Gemm", &["x", "w"], "y", &[alpha]);
        assert_refused(&model(&[4], &[scaled], &[floats("w", &[4, 1], &[1.0; 4])]), "no number");
    }
}

#[test]
fn cycles_branches_and_loose_nodes_are_refused() {
    let relu = |from: &str, to: &str| node("Relu", &[from], to, &[]);
    assert_refused(&model(&[4], &[relu("y", "a"), relu("a", "y")], &[]), "not on the way");
    assert_refused(&model(&[4], &[node("Add", &["x", "b"], "a", &[]), relu("a", "b")], &[]), "cycle");
    assert_refused(&model(&[4], &[relu("y", "y")], &[]), "not on the way");
    assert_refused(&model(&[4], &[relu("x", "a"), relu("x", "y")], &[]), "more than once");
    assert_refused(&model(&[4], &[relu("x", "y"), relu("q", "z")], &[]), "not on the way");
    assert_refused(&model(&[4], &[relu("x", "a")], &[]), "ends with");
    assert_refused(&model(&[4], &[], &[]), "0 nodes");
    assert_refused(&model(&[4], &[relu("x", "x")], &[]), "name of another tensor");
}

#[test]
fn deep_graphs_are_refused() {
    let name = |at: usize| if at == 0 { "x".to_owned() } else { format!("t{at}") };
    let chain = |count: usize| -> Vec<Message> {
        (0..count).map(|at| node("Relu", &[&name(at)], &name(at + 1), &[])).collect()
    };
    assert_refused(&model(&[4], &chain(2_000), &[]), "2000 nodes");
    assert_refused(&model(&[4], &chain(100_000), &[]), "not weights");
    // Nested graphs, as branches and loops have them, a thousand deep.
    let mut inner = graph(&[4], &chain(1), &[]);
    for _ in 0..1000 {
        let attribute = Message::default().bytes(1, "body").part(6, &inner);
        inner = graph(&[4], &[node("Loop", &["x"], "y", &[attribute])], &[]);
    }
    assert_refused(&file(&inner), "`Loop`");
}

#[test]
fn a_gigabyte_of_weights_is_refused_before_it_is_read() {
    // The length is a lie: the file ends long before.
    let mut lie = shaped("w", &[1 << 28], 1);
    lie.0.extend([9 << 3 | 2, 0x80, 0x80, 0x80, 0x80, 0x04]);
    assert_refused(&with_weights(&lie), "cut off");
    let mut file = with_weights(&floats("w", &[4, 1], &[1.0; 4]));
    file.resize(import::MAX_FILE + 1, 0);
    assert_refused(&file, "more than");
}

/// Two bytes of file that a decoder turns into hundreds of bytes of memory.
#[test]
fn a_file_of_empty_messages_is_refused() {
    let many = |field: u8, count: usize| Message([field << 3 | 2, 0].repeat(count));
    for field in [1, 5, 11, 12] {
        assert_refused(&file(&many(field, 1 << 20)), "not weights");
        let error = import::read(&file(&many(field, 1 << 17))).expect_err("it is refused");
        assert!(error.to_string().len() < 1000);
    }
    // The numbers of a shape are packed: a byte each in the file, eight in memory.
    let dims = Message::default().bytes(1, vec![1; 1 << 22]).int(2, 1).bytes(8, "w");
    assert_refused(&with_weights(&dims), "not weights");
}

#[test]
fn cut_off_and_garbled_files_are_refused() {
    let whole = with_weights(&floats("w", &[4, 1], &[1.0; 4]));
    import::read(&whole).expect("the whole file is a model");
    for length in 0..whole.len() {
        assert!(import::read(&whole[..length]).is_err(), "cut to {length} bytes");
    }
    // Any byte changed to anything: it may be read as another model, but nothing breaks.
    for at in 0..whole.len() {
        for change in [1, 0x10, 0x80, 0xff] {
            let mut other = whole.clone();
            other[at] ^= change;
            if let Ok(imported) = import::read(&other) {
                imported.model.run(&vec![1.0; imported.model.input().len()]);
            }
        }
    }
    assert_refused(b"PK\x03\x04 is an archive", "cut off");
    assert_refused(&[], "operators");
}

#[test]
fn duplicate_names_are_refused() {
    let weights = floats("w", &[4, 1], &[1.0; 4]);
    assert_refused(&model(&[4], &[gemm()], &[weights.clone(), weights.clone()]), "two initialisers");
    let relu = |from: &str, to: &str| node("Relu", &[from], to, &[]);
    assert_refused(&model(&[4], &[relu("x", "y"), relu("y", "y")], &[]), "name of another tensor");
    assert_refused(
        &model(&[4], &[relu("x", "w"), gemm()], std::slice::from_ref(&weights)),
        "name of another tensor",
    );
    let twice = node("ArgMax", &["x"], "y", &[ints("axis", &[1]), ints("axis", &[1])]);
    assert_refused(&model(&[4], &[twice], &[]), "twice");
    let constant = Message::default().bytes(1, "value").part(5, &weights);
    let again = node("Constant", &[], "w", &[constant]);
    assert_refused(&model(&[4], &[again, gemm()], &[weights]), "two constants");
}

#[test]
fn weights_in_other_files_are_refused() {
    let place = Message::default().bytes(1, "location").bytes(2, "../../../etc/passwd");
    let outside = shaped("w", &[4, 1], 1).part(13, &place).int(14, 1);
    assert_refused(&with_weights(&outside), "another file");
    // Half a lie: the place without saying so, and saying so without a place.
    assert_refused(&with_weights(&floats("w", &[4, 1], &[1.0; 4]).part(13, &place)), "another file");
    assert_refused(&with_weights(&floats("w", &[4, 1], &[1.0; 4]).int(14, 1)), "another file");
}

#[test]
fn weights_of_other_types_and_lengths_are_refused() {
    assert_refused(&with_weights(&shaped("w", &[4, 1], 10).bytes(9, [0; 8])), "data type 10");
    assert_refused(&with_weights(&shaped("w", &[4, 1], 1).bytes(9, [0; 15])), "15 bytes");
    assert_refused(&with_weights(&shaped("w", &[4, 1], 1)), "holds 0 numbers");
    assert_refused(&with_weights(&integers("w", &[1, 2, 3, 4])), "not a float initialiser");
    assert_refused(&with_weights(&floats("w", &[3, 1], &[1.0; 3])), "do not fit data of 4 values");
    assert_refused(&with_weights(&floats("w", &[4], &[1.0; 4])), "not a matrix");
}

#[test]
fn operators_that_mean_something_else_are_refused() {
    let graph = || graph(&[4], &[gemm()], &[floats("w", &[4, 1], &[1.0; 4])]);
    let with = |more: Message| {
        Message::default().int(1, 8).part(7, &graph()).0.into_iter().chain(more.0).collect::<Vec<u8>>()
    };
    let set = |domain: &str, version: i64| Message::default().bytes(1, domain).int(2, version);
    assert_refused(&with(Message::default()), "does not name one version");
    assert_refused(&with(Message::default().part(8, &set("", 6))), "operator set 6");
    assert_refused(&with(Message::default().part(8, &set("", 99))), "operator set 99");
    assert_refused(
        &with(Message::default().part(8, &set("", 17)).part(8, &set("ai.onnx", 7))),
        "one version",
    );
    let function = Message::default().bytes(1, "Gemm");
    assert_refused(&with(Message::default().part(8, &set("", 17)).part(25, &function)), "functions");
    let foreign = gemm().bytes(7, "com.example\n\u{1b}[31m");
    assert_refused(&model(&[4], &[foreign], &[floats("w", &[4, 1], &[1.0; 4])]), "com.example\\n");
    let two = graph().part(11, &value("z", &[1, 4]));
    assert_refused(&file(&two), "exactly one input");
    let sparse = graph().part(15, &Message::default());
    assert_refused(&file(&sparse), "sparse");
}
