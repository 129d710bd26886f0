//! Fees and capacity from the command line on the real contracts: who may move what, and where to.

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolCall,
};
use opg_chain::bindings::{IFeeMarket, IFeeRouter, Opg};

use crate::{
    e2e_stake::{OPERATOR, Stakes},
    support::{json, refuses},
};

/// What a payer leaves in a vault, in OPG.
const PAID: u64 = 10;

fn view<C: SolCall>(stakes: &Stakes, contract: Option<Address>, call: &C) -> C::Return {
    stakes.devnet.block_on(stakes.devnet.rpc.view(contract.unwrap(), call))
}

fn held(stakes: &Stakes, account: Address) -> U256 {
    stakes.token(&Opg::balanceOfCall { account })
}

#[test]
fn fees_are_divided_by_anyone_and_paid_where_their_owner_wants() {
    let stakes = Stakes::start();
    let operator: Address = stakes.operator.parse().unwrap();
    let version: B256 = stakes.devnet.ready["models"]["embedding"].as_str().unwrap().parse().unwrap();
    let router = stakes.devnet.book.fee_router;
    let vault = view(&stakes, router, &IFeeRouter::vaultOfCall { operator, version });
    let owed = || view(&stakes, router, &IFeeRouter::owedCall { account: operator });
    refuses(stakes.delegator(&["fees", "sweep"]), 7, &["nothing waits to be divided"]);
    refuses(stakes.delegator(&["fees", "collect"]), 7, &["nothing to collect", "opg fees sweep"]);

    // Paid elsewhere: only by the operator's own key.
    stakes.fund(vault, PAID);
    let planned = json(stakes.delegator(&["fees", "sweep", "--dry-run"]));
    assert_eq!((&planned["steps"][0]["simulated"], owed()), (&true.into(), U256::ZERO), "{planned}");
    json(stakes.delegator(&["fees", "sweep"]));
    let part = owed();
    assert!(part > U256::ZERO && held(&stakes, vault).is_zero(), "{part}");
    let elsewhere = Address::repeat_byte(0x77);
    let to = elsewhere.to_string();
    refuses(
        stakes.delegator(&["fees", "collect", "--to", &to]),
        2,
        &["only", &stakes.operator, "--keystore"],
    );
    json(stakes.by(OPERATOR, &["fees", "collect", "--to", &to]));
    assert_eq!((held(&stakes, elsewhere), owed()), (part, U256::ZERO));

    // Paid to the account itself: by whom it may be.
    stakes.fund(vault, PAID);
    json(stakes.delegator(&["fees", "sweep"]));
    let (before, part) = (held(&stakes, operator), owed());
    json(stakes.delegator(&["fees", "collect"]));
    assert_eq!((held(&stakes, operator), owed()), (before + part, U256::ZERO));

    capacity_is_the_operators_to_declare(&stakes, operator);
}

fn capacity_is_the_operators_to_declare(stakes: &Stakes, operator: Address) {
    let market = stakes.devnet.book.fee_market;
    let declared = || view(stakes, market, &IFeeMarket::capacityOfCall { operator }).capacity;
    json(stakes.by(OPERATOR, &["operator", "capacity", "1000"]));
    assert_eq!(declared(), U256::from(1_000));
    json(stakes.by(OPERATOR, &["operator", "capacity", "0"]));
    assert_eq!(declared(), U256::ZERO);
    let too_much = u64::MAX.to_string();
    let output = stakes.by(OPERATOR, &["operator", "capacity", &too_much]).output().unwrap();
    assert!(!output.status.success() && declared().is_zero());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains(&too_much), "what was too much is named: {text}");
}
