//! Our contracts on an anvil, with a model, an operator and a payer.

use std::{ops::ControlFlow, path::Path, process::Command};

use alloy::primitives::{Address, B256, Bytes, U256, address, keccak256};
use opg_chain::{
    address_book::AddressBook,
    bindings::{Fulfilment, IInferenceHub, IModelRegistry, IStaking, IVestingVault, ModelSpec, Opg},
    ledger::Contracts,
    signer::{PrivateKeySigner, sign_receipt},
};
use opg_receipts::Request;
use opg_vesting::{ContractAddresses, GenesisFiles, allocation::Allocation};

use super::anvil::{Anvil, repository};

/// anvil's first accounts.
pub(crate) const DEPLOYER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const OPERATOR: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
pub(crate) const PAYER: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");

pub(crate) const MAX_FEE: u128 = 5_000;

/// Deployed contracts and who uses them.
pub(crate) struct Devnet {
    pub(crate) anvil: Anvil,
    pub(crate) book: AddressBook,
    pub(crate) contracts: Contracts,
    pub(crate) key: PrivateKeySigner,
    pub(crate) model_id: B256,
    pub(crate) spec: ModelSpec,
}

impl Devnet {
    /// Deploys with the deploy script, publishes a model, registers an operator and gives a payer tokens.
    pub(crate) async fn start() -> Self {
        let anvil = Anvil::spawn().await;
        let book = deploy(&anvil).await;
        let contracts = Contracts::open(anvil.rpc.clone(), book.clone()).await.unwrap();
        let spec = ModelSpec {
            task: B256::right_padding_from(b"chat/1"),
            weightsDigest: B256::repeat_byte(1),
            tokenizerDigest: B256::ZERO,
            configDigest: B256::ZERO,
            engineProfile: B256::repeat_byte(2),
            zkCommitment: B256::ZERO,
            unitsPerRequest: 10,
            unitsPerInputToken: 1,
            unitsPerOutputToken: 4,
            royaltyBps: 500,
            modes: 1,
            licence: "Apache-2.0".to_owned(),
            uri: "hf://example/model".to_owned(),
        };
        let name = "example".to_owned();
        let model_id: B256 = contracts_call(
            &anvil,
            &book,
            DEPLOYER,
            &IModelRegistry::registerModelCall { name: name.clone() },
        )
        .await;
        anvil.send(DEPLOYER, book.model_registry, &IModelRegistry::registerModelCall { name }).await;
        let publish = IModelRegistry::publishVersionCall { modelId: model_id, spec: spec.clone() };
        anvil.send(DEPLOYER, book.model_registry, &publish).await;
        let key = PrivateKeySigner::random();
        let devnet = Self { anvil, book, contracts, key, model_id, spec };
        devnet.register_operator().await;
        devnet.fund(PAYER, devnet.book.inference_hub, U256::from(1_000_000)).await;
        devnet.anvil.pass(5).await;
        devnet
    }

    async fn register_operator(&self) {
        let stake = U256::from(self.contracts.staking_parameters().await.unwrap().minSelfStake);
        self.fund(OPERATOR, self.book.custody_vault, stake).await;
        let register = IStaking::registerCall {
            signer: self.key.address(),
            roles: 1,
            commissionBps: 0,
            amount: stake,
            endpoint: "http://127.0.0.1:1".to_owned(),
            metadataUri: String::new(),
        };
        self.anvil.send(OPERATOR, self.book.staking, &register).await;
    }

    /// Gives `to` tokens and lets `spender` take them.
    async fn fund(&self, to: Address, spender: Address, value: U256) {
        self.anvil.send(DEPLOYER, self.book.opg, &Opg::transferCall { to, value }).await;
        self.anvil.send(to, self.book.opg, &Opg::approveCall { spender, value }).await;
    }

    pub(crate) fn version(&self) -> B256 {
        self.spec.version_of(self.model_id)
    }

    /// Makes a request.
    pub(crate) async fn request(&self, input: &'static [u8]) {
        let now = self.contracts.rpc().head().await.unwrap().timestamp;
        let request = IInferenceHub::requestCall {
            modelVersion: self.version(),
            input: Bytes::from_static(input),
            mode: 0,
            maxFee: MAX_FEE,
            callbackGas: 0,
            deadline: now + 3600,
        };
        self.anvil.send(PAYER, self.book.inference_hub, &request).await;
    }

    /// An answer to `request`, signed with the operator's key.
    pub(crate) async fn answer(&self, request_id: B256, request: &Request, trace: &[u8]) -> Fulfilment {
        let mut fulfilment = Fulfilment {
            operator: OPERATOR,
            traceHash: keccak256(trace),
            inputUnits: 20,
            outputUnits: 80,
            unitPrice: 40,
            fee: 4_000,
            issuedAt: self.contracts.rpc().head().await.unwrap().timestamp,
            output: Bytes::from_static(b"forty-two"),
            evidence: Bytes::new(),
        };
        let receipt = fulfilment.receipt(request_id, request);
        let signed = sign_receipt(&self.key, receipt, &self.contracts.receipt_domain()).await.unwrap();
        fulfilment.evidence = signed.signature_bytes().into();
        fulfilment
    }
}

/// What a call would return if `from` sent it.
async fn contracts_call<C>(anvil: &Anvil, book: &AddressBook, from: Address, call: &C) -> C::Return
where
    C: alloy::sol_types::SolCall,
{
    let data = Bytes::from(call.abi_encode());
    let parameters = serde_json::json!([{ "from": from, "to": book.model_registry, "data": data }, "latest"]);
    let returned: Bytes = anvil.rpc.read("eth_call", parameters).await.unwrap();
    C::abi_decode_returns(&returned).unwrap()
}

/// Deploys with a genesis that begins now, and releases the liquidity to the deployer.
async fn deploy(anvil: &Anvil) -> AddressBook {
    let root = repository();
    let readable = root.join("deployments/run");
    std::fs::create_dir_all(&readable).unwrap();
    let folder = tempfile::tempdir_in(&readable).unwrap();
    let (genesis, path) = (folder.path().join("genesis"), folder.path().join("31337.json"));
    let config = root.join("script/config");
    let tge = anvil.rpc.head().await.unwrap().timestamp;
    opg_vesting::genesis::build(
        &Allocation::read(&config.join("allocation.json")).unwrap(),
        &config.join("genesis/31337"),
        tge,
        &genesis,
        false,
        &mut |_| ControlFlow::Continue(()),
    )
    .unwrap();
    let output = Command::new(root.join("node_modules/.bin/forge"))
        .current_dir(&root)
        .env("OPG_ADDRESS_BOOK", &path)
        .env("OPG_GENESIS", &genesis)
        .args([
            "script",
            "script/Deploy.s.sol",
            "--rpc-url",
            &anvil.url,
            "--broadcast",
            "--unlocked",
            "--slow",
        ])
        .args(["--sender", &DEPLOYER.to_string()])
        .output()
        .expect("forge is missing; run `npm ci` at the root of the repository");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the deploy script failed:\n{text}");
    let book = AddressBook::read(&path, 31337).unwrap();
    release_liquidity(anvil, &book, &genesis).await;
    book
}

async fn release_liquidity(anvil: &Anvil, book: &AddressBook, genesis: &Path) {
    let contracts = ContractAddresses { airdrop: book.airdrop, rewards: book.rewards };
    let files = GenesisFiles::open(genesis, contracts).unwrap();
    let liquidity = files.manifest().categories.iter().find(|category| category.name == "liquidity").unwrap();
    let schedule = files.schedules(liquidity.id).unwrap().next().unwrap().unwrap();
    assert_eq!(schedule.beneficiary, DEPLOYER);
    let release = IVestingVault::releaseCall {
        schedule: schedule.into(),
        proof: files.proof(liquidity.id, schedule.index).unwrap(),
    };
    anvil.send(DEPLOYER, book.vesting_vault, &release).await;
}
