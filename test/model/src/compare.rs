//! All numbers of contracts and model, side by side.

use alloy_primitives::U256;

use crate::{
    abi::{
        IFeeRouter, IRewards,
        IStaking::{self, PoolView},
        Opg,
    },
    model::{Pool, Status},
    numbers::Random,
    replay::{Difference, Replay, same},
    rules,
    world::{HOLDERS, OPERATORS, PEOPLE, REWARDS, Who},
};

impl Replay<'_> {
    /// Compares everything that can be asked.
    pub(crate) fn compare(&mut self) -> Result<(), Difference> {
        for operator in 0..OPERATORS {
            self.compare_operator(operator)?;
            for account in 0..PEOPLE {
                self.compare_position(operator, account)?;
                self.compare_rewards(operator, account)?;
            }
        }
        self.compare_tokens()?;
        self.compare_sums()
    }

    fn compare_operator(&mut self, who: Who) -> Result<(), Difference> {
        let (world, now) = (self.world, self.model.now);
        let operator = world.address(who);
        let view = self.chain.view(world.staking, &IStaking::operatorOfCall { operator })?;
        let pools = self.chain.view(world.staking, &IStaking::poolsOfCall { operator })?;
        let open = self.model.open_slashes(who);
        let model = &self.model.operators[who];
        let of = |what: &str| format!("{what} of operator {who}");
        let status = match model.status {
            Status::None => 0,
            Status::Active => 1,
            Status::Jailed => 2,
            Status::Retired => 3,
        };
        same(|| of("status"), view.status, status)?;
        same(|| of("end of the jail"), view.jailedUntil, model.jailed_until)?;
        same(|| of("commission"), view.commissionBps, model.commission.at(now))?;
        same(|| of("announced commission"), view.nextCommissionBps, model.commission.next)?;
        same(|| of("time of the commission"), view.commissionFrom, model.commission.from)?;
        same(|| of("open slashes"), view.openSlashes as usize, open)?;
        let frozen = self.chain.view(world.staking, &IStaking::freezeOfCall { operator })?;
        same(|| of("frozen stake"), frozen.amount, U256::from(self.model.frozen(who)))?;
        let fees = self.chain.view(world.router, &IFeeRouter::unsettledOfCall { operator })?;
        same(|| of("unsettled fees"), fees.unsettled, U256::from(self.model.unsettled(who)))?;
        same(|| of("most unsettled fees"), fees.most, U256::from(self.model.most_unsettled(who)))?;
        compare_pool(|| of("own pool"), &pools.own, &model.own)?;
        compare_pool(|| of("delegators' pool"), &pools.delegated, &model.pool)
    }

    fn compare_position(&mut self, operator: Who, account: Who) -> Result<(), Difference> {
        let world = self.world;
        let own = operator == account;
        let pool =
            if own { &self.model.operators[operator].own } else { &self.model.operators[operator].pool };
        let (operator_, account_) = (world.address(operator), world.address(account));
        let call = IStaking::positionOfCall { operator: operator_, account: account_ };
        let view = self.chain.view(world.staking, &call)?;
        let of = |what: &str| format!("{what} of account {account} at operator {operator}");
        let lot = pool.lots.get(&(account, 0)).cloned().unwrap_or_default();
        let unbonds = pool.unbonds(account);
        let most = |booked: u128| if own { u128::MAX } else { booked };
        same(|| of("shares"), view.shares, U256::from(pool.position(account)))?;
        same(|| of("stake"), view.amount, U256::from(pool.worth(&lot).min(most(lot.booked))))?;
        same(|| of("booked stake"), view.booked, U256::from(lot.booked))?;
        same(|| of("number of unbonds"), view.openUnbonds, U256::from(unbonds.len()))?;
        for id in unbonds {
            let call = IStaking::unbondOfCall { operator: operator_, account: account_, id: U256::from(id) };
            let view = self.chain.view(world.staking, &call)?;
            let Some(lot) = pool.lots.get(&(account, id)) else { continue };
            let of =
                |what: &str| format!("{what} of unbond {id} of account {account} at operator {operator}");
            same(|| of("shares"), view.shares, U256::from(lot.shares))?;
            same(|| of("amount"), view.amount, U256::from(pool.worth(lot).min(most(lot.booked))))?;
            same(|| of("booked stake"), view.booked, U256::from(lot.booked))?;
            same(|| of("time"), view.maturesAt, U256::from(lot.matures))?;
        }
        Ok(())
    }

    fn compare_rewards(&mut self, operator: Who, account: Who) -> Result<(), Difference> {
        let base = self.base_rewards(operator, account)?;
        let earnings = &self.model.earnings;
        if earnings.is_due(operator, account, base) {
            return Ok(());
        }
        Err(Difference::Number {
            what: format!("rewards of account {account} at operator {operator}"),
            contracts: base.to_string(),
            model: format!("{} within {}", earnings.owed(operator, account), earnings.leeway[operator]),
        })
    }

    /// What the contracts owe somebody for its stake.
    pub(crate) fn base_rewards(&mut self, operator: Who, account: Who) -> Result<u128, Difference> {
        let world = self.world;
        let (operator_, account_) = (world.address(operator), world.address(account));
        let call = IRewards::claimableCall { operator: operator_, account: account_ };
        let claimable: u128 = self.chain.view(world.rewards, &call)?.saturating_to();
        let performance = if operator == account { self.model.earnings.performance[operator] } else { 0 };
        if claimable < performance {
            let what = format!("rewards for work of operator {operator}");
            let (contracts, model) = (claimable.to_string(), performance.to_string());
            return Err(Difference::Number { what, contracts, model });
        }
        Ok(claimable - performance)
    }

    fn compare_tokens(&mut self) -> Result<(), Difference> {
        let world = self.world;
        for who in 0..HOLDERS {
            let account = world.address(who);
            let held = self.chain.view(world.opg, &Opg::balanceOfCall { account })?;
            same(|| format!("tokens of {who}"), held, U256::from(self.model.held[who]))?;
            let owed = self.chain.view(world.router, &IFeeRouter::owedCall { account })?;
            same(|| format!("fees owed to {who}"), owed, U256::from(self.model.fees.owed[who]))?;
        }
        for who in 0..PEOPLE {
            let account = world.address(who);
            let custody = self.chain.view(world.opg, &Opg::custodiedCall { owner: account })?;
            same(|| format!("custody of {who}"), custody, U256::from(self.model.custody(who)))?;
            let votes = self.chain.view(world.opg, &Opg::getVotesCall { account })?;
            same(|| format!("votes of {who}"), votes, U256::from(self.model.votes(who)))?;
        }
        let nobody = Opg::custodiedCall { owner: alloy_primitives::Address::ZERO };
        let ownerless = self.chain.view(world.opg, &nobody)?;
        same(|| "tokens that wait to be burned".into(), ownerless, U256::from(self.model.ownerless))?;
        let vault = self.chain.view(world.opg, &Opg::balanceOfCall { account: world.vault })?;
        same(|| "tokens in the vault".into(), vault, U256::from(self.model.in_vault()))?;
        let staking = self.chain.view(world.opg, &Opg::balanceOfCall { account: world.staking })?;
        same(|| "tokens of staking".into(), staking, U256::ZERO)?;
        let supply = self.chain.view(world.opg, &Opg::totalSupplyCall {})?;
        same(|| "all tokens".into(), supply, U256::from(self.model.supply))
    }

    fn compare_sums(&mut self) -> Result<(), Difference> {
        let world = self.world;
        let carried = self.chain.view(world.rewards, &IRewards::carriedCall {})?;
        same(|| "rewards carried over".into(), carried, U256::from(self.model.earnings.carried))?;
        let undivided = self.chain.view(world.rewards, &IRewards::undividedCall {})?;
        same(|| "rewards not divided".into(), undivided, U256::from(self.model.earnings.undivided))?;
        let next = IStaking::totalStakeAtCall { timestamp: self.model.now + 1 };
        let total = self.chain.view(world.staking, &next)?;
        let weights: u128 = self.model.operators.iter().map(|operator| operator.weight()).sum();
        same(|| "all active stake".into(), total, U256::from(weights))?;

        // Nobody is ever paid more than flowed, and all that is owed is there.
        let mut owed = self.model.earnings.performance.iter().sum::<u128>();
        for operator in 0..OPERATORS {
            for account in 0..PEOPLE {
                owed += self.base_rewards(operator, account)?;
            }
        }
        let base = owed - self.model.earnings.performance.iter().sum::<u128>();
        let (paid, flowed) = (self.model.earnings.paid_in_all(), self.model.earnings.flowed);
        if base + paid > flowed || owed > self.model.held[REWARDS] {
            return Err(Difference::Number {
                what: "rewards owed and paid in all".into(),
                contracts: format!("{base} owed and {paid} paid for stake, {owed} owed in all"),
                model: format!("{flowed} flowed, {} are there", self.model.held[REWARDS]),
            });
        }
        Ok(())
    }

    /// Asks for stakes of the past, near and far.
    pub(crate) fn compare_the_past(&mut self, seed: u64) -> Result<(), Difference> {
        let mut random = Random::new(seed);
        for _ in 0..4 {
            let timestamp = rules::START + random.below(self.model.now - rules::START + 2);
            let mut sum = 0;
            for who in 0..OPERATORS {
                let call = IStaking::stakeAtCall { operator: self.world.address(who), timestamp };
                let stake = self.chain.view(self.world.staking, &call)?;
                let expected = self.model.operators[who].weight_at(timestamp);
                same(|| format!("stake of operator {who} at {timestamp}"), stake, U256::from(expected))?;
                sum += expected;
            }
            let total = self.chain.view(self.world.staking, &IStaking::totalStakeAtCall { timestamp })?;
            same(|| format!("all stake at {timestamp}"), total, U256::from(sum))?;
        }
        Ok(())
    }
}

fn compare_pool(of: impl Fn() -> String, view: &PoolView, pool: &Pool) -> Result<(), Difference> {
    let what = |what: &str| format!("{what} of {}", of());
    same(|| what("assets"), view.assets, U256::from(pool.assets))?;
    same(|| what("shares"), view.shares, U256::from(pool.shares()))?;
    same(|| what("unbonding shares"), view.unbondingShares, U256::from(pool.unbonding()))?;
    same(|| what("escrow"), view.escrowed, U256::from(pool.escrow))?;
    same(|| what("generation"), view.generation, U256::from(pool.generation))
}
