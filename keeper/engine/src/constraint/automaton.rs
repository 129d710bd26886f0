//! The texts of a constraint, byte by byte.

use std::collections::{HashMap, VecDeque};

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// Bytes that compiling a pattern may take at each of its stages: a short pattern can stand for a huge automaton.
const MAX_NFA: usize = 1 << 20;
const MAX_DFA: usize = 8 << 20;
/// Bytes of the sets of NFA states that become states of the automaton. Each class of bytes costs a walk through each
/// set, so this bounds the time: without it a pattern of 24 characters took seconds. Automata of 1 MiB need half of it.
const MAX_SETS: usize = 512 << 10;
/// Depth of groups in a pattern.
const MAX_NESTING: u32 = 200;

/// No text of the constraint goes on this way.
pub(super) const DEAD: u32 = u32::MAX;

/// A deterministic automaton in which every state can still reach an end.
#[derive(Debug)]
pub(crate) struct Automaton {
    /// Bytes that the pattern never tells apart share a class.
    classes: [u8; 256],
    width: usize,
    /// `[states][classes]`
    next: Vec<u32>,
    accepts: Vec<bool>,
    /// Least bytes from each state to an end.
    distances: Vec<u32>,
}

impl Automaton {
    /// State before the first byte.
    pub(crate) const START: u32 = 0;

    /// Reads a pattern; says why if it cannot be followed.
    pub(crate) fn compile(pattern: &str) -> Result<Self, String> {
        let nfa = thompson::Compiler::new()
            .syntax(syntax::Config::new().nest_limit(MAX_NESTING))
            .configure(thompson::Config::new().nfa_size_limit(Some(MAX_NFA)))
            .build(pattern)
            .map_err(|error| format!("not a usable pattern: {}", with_cause(&error)))?;
        // All matches, not the leftmost: whether a text belongs must not depend on the order of alternatives.
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .dfa_size_limit(Some(MAX_DFA))
            .determinize_size_limit(Some(MAX_SETS));
        let dfa = dense::Builder::new()
            .configure(config)
            .build_from_nfa(&nfa)
            .map_err(|error| format!("too complex: {}", with_cause(&error)))?;
        let begin = dfa
            .start_state(&start::Config::new().anchored(Anchored::Yes))
            .map_err(|error| format!("not a usable pattern: {error}"))?;
        Self::trim(&dfa, begin).ok_or_else(|| "no text at all matches it".to_owned())
    }

    /// Numbers the states in the order in which they are met and drops those from which there is no end.
    fn trim(dfa: &dense::DFA<Vec<u32>>, begin: StateID) -> Option<Self> {
        let classes: [u8; 256] = std::array::from_fn(|byte| dfa.byte_classes().get(byte as u8));
        let width = usize::from(classes.iter().copied().max().unwrap_or(0)) + 1;
        let mut example = vec![0_u8; width];
        (0..=u8::MAX).for_each(|byte| example[usize::from(classes[usize::from(byte)])] = byte);
        let mut numbers = HashMap::from([(begin, 0_u32)]);
        let (mut states, mut next, mut accepts) = (vec![begin], Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(state) = states.get(at).copied() {
            accepts.push(dfa.is_match_state(dfa.next_eoi_state(state)));
            for byte in &example {
                let to = dfa.next_state(state, *byte);
                next.push(*numbers.entry(to).or_insert_with(|| {
                    states.push(to);
                    states.len() as u32 - 1
                }));
            }
            at += 1;
        }
        let mut trimmed = Self::from_parts(classes, width, next, accepts);
        let Self { next, distances, .. } = &mut trimmed;
        next.iter_mut().filter(|to| distances[**to as usize] == DEAD).for_each(|to| *to = DEAD);
        (distances[0] != DEAD).then_some(trimmed)
    }

    /// The first state is the one before the first byte; `next` has a row of classes for each state.
    pub(super) fn from_parts(classes: [u8; 256], width: usize, next: Vec<u32>, accepts: Vec<bool>) -> Self {
        let mut from: Vec<Vec<u32>> = vec![Vec::new(); accepts.len()];
        for (edge, to) in next.iter().enumerate().filter(|(_, to)| **to != DEAD) {
            from[*to as usize].push((edge / width) as u32);
        }
        let mut distances: Vec<u32> = accepts.iter().map(|end| if *end { 0 } else { DEAD }).collect();
        let mut queue: VecDeque<u32> =
            (0_u32..).zip(&accepts).filter(|(_, end)| **end).map(|(at, _)| at).collect();
        while let Some(state) = queue.pop_front() {
            let farther = distances[state as usize] + 1;
            for earlier in &from[state as usize] {
                if distances[*earlier as usize] == DEAD {
                    distances[*earlier as usize] = farther;
                    queue.push_back(*earlier);
                }
            }
        }
        Automaton { classes, width, next, accepts, distances }
    }

    /// The class of a byte.
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// Least bytes with which a text comes from here to an end.
    pub(crate) fn distance(&self, state: u32) -> u32 {
        self.distances.get(state as usize).copied().unwrap_or(DEAD)
    }

    /// The farthest that any text can be from its end.
    pub(crate) fn farthest(&self) -> u32 {
        self.distances.iter().copied().filter(|distance| *distance != DEAD).max().unwrap_or(0)
    }

    /// The state after another byte, if any text goes on with it.
    #[inline]
    pub(crate) fn step(&self, state: u32, byte: u8) -> Option<u32> {
        let class = usize::from(self.classes[usize::from(byte)]);
        let to = self.next.get(state as usize * self.width + class).copied();
        to.filter(|to| *to != DEAD)
    }

    /// Whether a text may end here.
    pub(crate) fn accepts(&self, state: u32) -> bool {
        self.accepts.get(state as usize).copied().unwrap_or(false)
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Time that this thread has computed.
    fn computed() -> Duration {
        let counters = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(counters.split_whitespace().next().unwrap().parse().unwrap())
    }

    fn admits(automaton: &Automaton, text: &str) -> bool {
        let end = text.bytes().try_fold(Automaton::START, |state, byte| automaton.step(state, byte));
        end.is_some_and(|state| automaton.accepts(state))
    }

    #[test]
    fn whole_texts_are_matched_whatever_the_order_of_alternatives() {
        let automaton = Automaton::compile("a|ab|(?:é+x)?").unwrap();
        for text in ["", "a", "ab", "éx", "ééx"] {
            assert!(admits(&automaton, text), "{text:?}");
        }
        for text in ["b", "abc", "aa", "é", "éxx"] {
            assert!(!admits(&automaton, text), "{text:?}");
        }
    }

    #[test]
    fn no_state_is_a_dead_end() {
        // The second alternative can never match.
        let automaton = Automaton::compile(r"yes|no(?-u:\b)way|x(?:[a&&b])").unwrap();
        assert!(admits(&automaton, "yes"));
        for byte in [b'n', b'x'] {
            assert_eq!(automaton.step(Automaton::START, byte), None);
        }
    }

    #[test]
    fn patterns_without_a_text_or_too_large_are_refused() {
        for (pattern, says) in [
            ("[a&&b]", "no text"),
            ("(", "not a usable pattern"),
            (r"(?:a|b)*a(?:a|b){30}", "too complex"),
            (r"he*(?s:.){1000}{2,}\p{L}", "too complex"),
            (r"(?:\p{L}|b)*a(?:\p{L}|b){30}", "too complex"),
            (r"\w{1000}{1000}", "not a usable pattern"),
        ] {
            let started = computed();
            let error = Automaton::compile(pattern).unwrap_err();
            assert!(error.contains(says), "{pattern}: {error}");
            let taken = computed() - started;
            assert!(taken < Duration::from_secs(5), "{pattern} is refused only after {taken:?}");
        }
    }
}
