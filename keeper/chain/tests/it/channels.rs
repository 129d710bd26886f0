//! Payment channels on the real contracts: what is signed and called here is what they take.

use alloy::{
    primitives::{Address, B256, Bytes, U256, aliases::U40},
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol,
    sol_types::{SolCall as _, SolStruct as _, SolValue as _, eip712_domain},
};
use opg_chain::{
    bindings::{ChannelConfig, IBatchSettlement, Opg},
    channels::{
        Claim, DEPOSIT_COLLECTOR, MULTICALL, SETTLEMENT, Withdrawal, accepts, channel_id, claim_calldata,
        deposit_calldata, deposit_nonce, domain, read, received, refund_calldata, voucher_digest,
    },
    rpc_trait::{CallRequest, ChainRpc as _, RpcError},
};
use serde_json::{Value, json};

use crate::support::{
    anvil::{Anvil, repository},
    devnet::{DEPLOYER, OPERATOR},
};

const VAULT: Address = Address::repeat_byte(0x77);
const CHAIN: u64 = 31_337;

sol! {
    struct ReceiveWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

fn artifact(name: &str) -> Value {
    let path = repository().join(format!("out/{name}.sol/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).expect("the contracts are built")).unwrap()
}

/// anvil with the contracts of channels where clients expect them, and a token whose supply the deployer has.
async fn chain() -> (Anvil, Address) {
    let anvil = Anvil::spawn().await;
    let places = [
        (SETTLEMENT, "BatchSettlement"),
        (DEPOSIT_COLLECTOR, "Erc3009DepositCollector"),
        (MULTICALL, "Multicall3"),
    ];
    for (place, name) in places {
        anvil.ask("anvil_setCode", json!([place, artifact(name)["deployedBytecode"]["object"]])).await;
    }
    let token = DEPLOYER.create(0);
    let mut code: Vec<u8> =
        artifact("Opg")["bytecode"]["object"].as_str().unwrap().parse::<Bytes>().unwrap().into();
    code.extend((Address::repeat_byte(0x55), DEPLOYER).abi_encode());
    anvil.ask("eth_sendTransaction", json!([{ "from": DEPLOYER, "data": Bytes::from(code) }])).await;
    anvil.ask("anvil_mine", json!([])).await;
    (anvil, token)
}

/// Sends calldata as one of anvil's accounts; false if it reverts.
async fn send(anvil: &Anvil, from: Address, data: Bytes) -> bool {
    let call = CallRequest { from, to: SETTLEMENT, value: U256::ZERO, data: data.clone() };
    match anvil.rpc.call(&call).await {
        Ok(_) => {
            anvil.ask("eth_sendTransaction", json!([{ "from": from, "to": SETTLEMENT, "data": data }])).await;
            anvil.ask("anvil_mine", json!([])).await;
            true
        }
        Err(RpcError::Reverted { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn deposits_claims_and_refunds_are_what_the_contracts_take() {
    let (anvil, token) = chain().await;
    let payer = PrivateKeySigner::random();
    let give = Opg::transferCall { to: payer.address(), value: U256::from(1_000) };
    anvil.send(DEPLOYER, token, &give).await;
    let config = ChannelConfig {
        payer: payer.address(),
        payerAuthorizer: payer.address(),
        receiver: VAULT,
        receiverAuthorizer: OPERATOR,
        token,
        withdrawDelay: U40::from(900),
        salt: B256::repeat_byte(1),
    };
    let domain = domain(CHAIN);
    let id = channel_id(&domain, &config);
    let other = B256::repeat_byte(9);

    // A deposit that the payer only signed.
    let salt = U256::from(5);
    let opg = anvil.rpc.view(token, &Opg::eip712DomainCall {}).await.unwrap();
    let authorization = ReceiveWithAuthorization {
        from: payer.address(),
        to: DEPOSIT_COLLECTOR,
        value: U256::from(600),
        validAfter: U256::ZERO,
        validBefore: U256::from(u64::MAX),
        nonce: deposit_nonce(id, salt),
    };
    let opg = eip712_domain! {
        name: opg.name,
        version: opg.version,
        chain_id: CHAIN,
        verifying_contract: token,
    };
    let signature = payer.sign_hash_sync(&authorization.eip712_signing_hash(&opg)).unwrap().as_bytes();
    let deposit =
        |amount| deposit_calldata(&config, amount, (0, u64::MAX), salt, &Bytes::copy_from_slice(&signature));
    assert!(!send(&anvil, OPERATOR, deposit(601)).await, "another amount than was signed");
    assert!(send(&anvil, OPERATOR, deposit(600)).await);
    assert!(!send(&anvil, OPERATOR, deposit(600)).await, "once");
    let states = read(&anvil.rpc, &[other, id]).await.unwrap();
    assert_eq!((states[0].balance, states[1].balance, states[1].claimed), (0, 600, 0));

    // A claim by what the payer signed.
    let voucher = payer.sign_hash_sync(&voucher_digest(&domain, id, 300)).unwrap().as_bytes();
    let claim = |maximum, total| {
        claim_calldata(&[Claim { config: config.clone(), maximum, signature: voucher.into(), total }])
    };
    assert!(!send(&anvil, OPERATOR, claim(301, 120)).await, "not what was signed");
    assert!(!send(&anvil, OPERATOR, claim(300, 301)).await, "more than was signed");
    assert!(!send(&anvil, DEPLOYER, claim(300, 120)).await, "by somebody else");
    assert!(send(&anvil, OPERATOR, claim(300, 120)).await);
    assert!(!send(&anvil, OPERATOR, claim(300, 120)).await, "it takes nothing twice");
    assert_eq!(received(&anvil.rpc, VAULT, token).await.unwrap(), (120, 120));
    let paid = anvil.rpc.view(token, &Opg::balanceOfCall { account: VAULT }).await.unwrap();
    assert_eq!(paid, U256::from(120), "what was claimed is at the receiver's");

    // What the payer wants back is seen, and what is refunded is not wanted any more.
    anvil.ask("anvil_setBalance", json!([payer.address(), "0xde0b6b3a7640000"])).await;
    anvil.ask("anvil_impersonateAccount", json!([payer.address()])).await;
    let withdraw = IBatchSettlement::initiateWithdrawCall { config: config.clone(), amount: 400 };
    assert!(send(&anvil, payer.address(), withdraw.abi_encode().into()).await);
    let state = read(&anvil.rpc, &[id]).await.unwrap()[0];
    assert!(matches!(state.withdrawal, Some(Withdrawal { amount: 400, since }) if since > 0), "{state:?}");
    assert!(send(&anvil, OPERATOR, refund_calldata(&config, 480)).await);
    let state = read(&anvil.rpc, &[id]).await.unwrap()[0];
    assert_eq!((state.balance, state.claimed, state.withdrawal), (120, 120, None));
    assert_eq!(state.refund_nonce, U256::from(1));
    assert!(!accepts(&anvil.rpc, token, other, Bytes::new()).await.unwrap(), "a contract without ERC-1271");
}
