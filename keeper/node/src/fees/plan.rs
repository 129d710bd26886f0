//! Which fees are moved now.

use alloy::primitives::B256;

use super::FeesConfig;

/// Fees for a model version that are not divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// The version.
    pub(super) version: B256,
    /// OPG wei owed by the hub.
    pub(super) hub: u128,
    /// OPG wei in the vault.
    pub(super) vault: u128,
    /// Since when there are any, in unix seconds.
    pub(super) since: u64,
}

/// What is to be done. With each step goes what it moves, in OPG wei.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Versions whose fees the hub brings to the vault, where everything is divided.
    pub(super) route: Vec<(B256, u128)>,
    /// Versions whose vault is divided.
    pub(super) sweep: Vec<(B256, u128)>,
    /// What the operator is paid.
    pub(super) collect: Option<u128>,
    /// Whether something waits because the operator is at its cap.
    pub(super) capped: bool,
}

/// Decides, with room for `room` wei of unsettled fees. `owed` can be collected since the given time.
pub(super) fn plan(
    config: &FeesConfig,
    now: u64,
    waiting: &[Waiting],
    owed: (u128, u64),
    mut room: u128,
) -> Plan {
    let due = |sum: u128, since: u64| {
        sum >= config.min_amount.max(1) && (sum >= config.amount || since.saturating_add(config.age) <= now)
    };
    let mut plan = Plan::default();
    let mut waiting = waiting.to_vec();
    // The greatest first: what room there is shall move as much as it can in as few steps.
    waiting.sort_by_key(|waits| std::cmp::Reverse(waits.hub.saturating_add(waits.vault)));
    for Waiting { version, hub, vault, since } in waiting {
        let sum = hub.saturating_add(vault);
        if !due(sum, since) {
            continue;
        }
        let part = sum.min(room);
        if part < config.min_amount.max(1) {
            plan.capped = true;
            continue;
        }
        room -= part;
        if hub > 0 { plan.route.push((version, part)) } else { plan.sweep.push((version, part)) }
    }
    let (sum, since) = owed;
    plan.collect = due(sum, since).then_some(sum);
    plan
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;

    const OPG: u128 = 1_000_000_000_000_000_000;

    fn config() -> FeesConfig {
        FeesConfig::new(Address::ZERO, Address::ZERO, Address::ZERO, Address::ZERO)
    }

    fn version(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    fn waits(byte: u8, hub: u128, vault: u128, since: u64) -> Waiting {
        Waiting { version: version(byte), hub: hub * OPG, vault: vault * OPG, since }
    }

    const NOW: u64 = 1_000_000;
    const OLD: u64 = NOW - 86_400;

    #[test]
    fn what_is_much_or_old_is_moved_and_what_is_little_never() {
        let waiting = [
            waits(1, 0, 100, NOW),
            waits(2, 60, 40, NOW),
            waits(3, 0, 99, NOW),
            waits(4, 0, 2, OLD),
            waits(5, 0, 0, OLD),
        ];
        let plan = plan(&config(), NOW, &waiting, (99 * OPG, NOW), u128::MAX);
        assert_eq!(plan.sweep, [(version(1), 100 * OPG), (version(4), 2 * OPG)]);
        assert_eq!(plan.route, [(version(2), 100 * OPG)], "the hub's are brought and divided in one step");
        assert_eq!((plan.collect, plan.capped), (None, false));
        let crumbs = Waiting { vault: OPG - 1, ..waits(6, 0, 0, 0) };
        assert_eq!(super::plan(&config(), NOW, &[crumbs], (OPG - 1, 0), u128::MAX), Plan::default());
    }

    #[test]
    fn what_is_owed_is_collected_by_the_same_rule() {
        let collect = |owed: u128, since| plan(&config(), NOW, &[], (owed * OPG, since), 0).collect;
        assert_eq!(collect(100, NOW), Some(100 * OPG));
        assert_eq!(collect(1, OLD), Some(OPG));
        assert_eq!(collect(99, OLD + 1), None);
    }

    #[test]
    fn no_more_is_moved_than_there_is_room_for() {
        let waiting = [waits(1, 0, 300, NOW), waits(2, 0, 500, NOW), waits(3, 0, 200, NOW)];
        let plan = |room: u128| super::plan(&config(), NOW, &waiting, (0, NOW), room * OPG);
        let part = plan(600);
        assert_eq!(part.sweep, [(version(2), 500 * OPG), (version(1), 100 * OPG)]);
        assert!(part.capped, "the third waits");
        let all = plan(1_000);
        assert_eq!((all.sweep.len(), all.capped), (3, false));
        let none = plan(0);
        assert_eq!((none.sweep.len(), none.capped), (0, true));
    }
}
