//! From a sequence that fails to a short one that still does.

use crate::{
    actions::Action,
    replay::{Difference, Replay},
    world::World,
};

/// Leaves out ever smaller pieces as long as the rest still fails. Returns what is left, and how it fails.
pub fn shrink(world: &World, actions: &[Action]) -> (Vec<Action>, Option<Difference>) {
    let mut kept = actions.to_vec();
    let mut difference = Replay::run(world, &kept).err();
    let mut piece = kept.len() / 2;
    while piece > 0 && difference.is_some() {
        let mut start = 0;
        while start < kept.len() {
            let mut shorter = kept.clone();
            shorter.drain(start..(start + piece).min(kept.len()));
            if let Err(found) = Replay::run(world, &shorter) {
                (kept, difference) = (shorter, Some(found));
            } else {
                start += piece;
            }
        }
        piece /= 2;
    }
    (kept, difference)
}
