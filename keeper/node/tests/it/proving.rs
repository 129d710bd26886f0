//! Requests that ask for a proof of execution: from the answer to a proof that the chain takes.

use std::{sync::atomic::Ordering, time::Duration};

use alloy::primitives::{Address, B256, U256};
use opg_node::{
    Service,
    inference::InferenceRole,
    proving::{ProverError, ProvingFiles},
};
use opg_receipts::SIGNATURE_LENGTH;
use opg_store::{
    jobs::{self, JobState},
    proofs::{self, Proof, ProofState},
};

use crate::support::{Attempt, Keys, PROVED, World, passes, settle_down, turn};

const INPUT: [u8; 3] = [200, 17, 5];

/// Brings requests to the point where their proofs are due.
async fn answered(world: &World, role: &InferenceRole, count: usize) -> Vec<B256> {
    let ids = (0..count).map(|_| world.request_proof(&INPUT)).collect();
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    for _ in 0..count {
        passes(&services.run).await;
        services.run.idle().await;
    }
    ids
}

fn proof(world: &World, request_id: B256) -> Proof {
    let id = world.job(request_id).id;
    world.store().read(|tx| proofs::get(tx, id)).unwrap().unwrap()
}

#[tokio::test]
async fn an_answer_is_delivered_with_its_proof_and_not_before() {
    let world = World::proving();
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    for _ in 0..3 {
        passes(&role.services().submit).await;
        assert_eq!((world.state_of(id), world.intents(id)), (JobState::Answered, 0));
    }
    assert_eq!(proof(&world, id).state, ProofState::Waiting);

    turn(&world, &role, 5).await;
    assert_eq!((world.state_of(id), world.intents(id)), (JobState::Succeeded, 1));
    let proof = proof(&world, id);
    assert_eq!((proof.state, proof.attempts), (ProofState::Proved, 1));
    assert!(proof.proving_ms.is_some() && proof.proved >= proof.started);
    let delivered = world.ledger.delivered(id);
    // One byte of output: the first of the two sums is the larger.
    assert_eq!(delivered.output.as_ref(), [0]);
    assert_eq!(delivered.evidence.len(), SIGNATURE_LENGTH + 256 + INPUT.len() + 1);
    assert_eq!(role.metrics().proofs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn death_while_proving_costs_one_repetition_of_the_proof_alone() {
    let world = World::proving();
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    world.prover.then(Attempt::Block);
    passes(&role.services().prove).await;
    world.prover.proving(1).await;
    while proof(&world, id).parts != (3, 8) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(role);
    tokio::task::yield_now().await;
    assert_eq!(proof(&world, id).state, ProofState::Proving, "what a killed keeper leaves");

    let role = world.start().await;
    let left = proof(&world, id);
    assert_eq!((left.state, left.parts), (ProofState::Waiting, (0, 0)));
    assert!(left.reason.unwrap().contains("stopped during the proof"));
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(id), JobState::Succeeded);
    assert_eq!((world.engine.runs(), world.prover.attempts(), world.ledger.fulfilments(id)), (1, 2, 1));
}

#[tokio::test]
async fn death_after_the_proof_repeats_nothing() {
    let world = World::proving();
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    passes(&role.services().prove).await;
    role.services().prove.idle().await;
    drop(role);
    let role = world.start().await;
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(id), JobState::Succeeded);
    assert_eq!((world.engine.runs(), world.prover.attempts()), (1, 1));
}

#[tokio::test]
async fn a_proof_that_brings_the_keeper_down_every_time_is_given_up() {
    let mut world = World::proving();
    world.config.proving.max_attempts = 2;
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    drop(role);
    for _ in 0..2 {
        let role = world.start().await;
        world.prover.then(Attempt::Block);
        passes(&role.services().ingest).await;
        passes(&role.services().prove).await;
        world.prover.proving(1).await;
    }
    world.start().await;
    let job = world.job(id);
    assert_eq!(job.state, JobState::Failed);
    assert!(job.reason.unwrap().contains("no proof after 2 attempts"));
}

#[tokio::test]
async fn a_crash_of_the_prover_is_repeated_after_a_pause_and_given_up_in_the_end() {
    let world = World::proving();
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    let mut pauses = Vec::new();
    for failure in [
        Attempt::Fail(ProverError::Died("killed by signal 9".to_owned())),
        Attempt::Panic,
        Attempt::Fail(ProverError::TooSlow(Duration::from_secs(9))),
    ] {
        world.prover.then(failure);
        settle_down(&role).await;
        let proof = proof(&world, id);
        pauses.push(proof.not_before.saturating_sub(proof.started.unwrap()));
        settle_down(&role).await;
        world.clock.forward(Duration::from_secs(60));
    }
    assert_eq!((world.prover.attempts(), &pauses[..2]), (3, &[1_000, 2_000][..]));
    let job = world.job(id);
    assert_eq!((job.state, world.intents(id)), (JobState::Failed, 0));
    assert!(job.reason.unwrap().contains("no proof within 9 s"));

    // The operator gave it more time: only the proof is made again.
    world.store().write(|tx| jobs::retry(tx, job.id, 1)).unwrap();
    turn(&world, &role, 5).await;
    assert_eq!((world.state_of(id), world.engine.runs()), (JobState::Succeeded, 1));
}

#[tokio::test]
async fn what_cannot_be_proved_is_not_repeated_and_a_lie_is_never_sent() {
    for (attempt, expected) in [
        (Attempt::Fail(ProverError::Impossible("constraint 3 is violated".to_owned())), "constraint 3"),
        (Attempt::Lie, "does not verify"),
    ] {
        let world = World::proving();
        let role = world.start().await;
        let id = answered(&world, &role, 1).await[0];
        world.prover.then(attempt);
        turn(&world, &role, 4).await;
        let job = world.job(id);
        assert_eq!((job.state, world.prover.attempts(), world.intents(id)), (JobState::Failed, 1, 0));
        assert!(job.reason.as_deref().unwrap().contains(expected), "{job:?}");
    }
}

#[tokio::test]
async fn one_proof_at_a_time_the_most_urgent_first() {
    let world = World::proving();
    let role = world.start().await;
    let later = answered(&world, &role, 2).await;
    let urgent = world.ledger.request_proof(PROVED, &INPUT, u128::MAX, 300);
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    services.run.idle().await;
    for done in 0..3 {
        world.prover.then(Attempt::Block);
        passes(&services.prove).await;
        passes(&services.prove).await;
        world.prover.proving(1).await;
        let now: Vec<_> =
            later.iter().chain([&urgent]).map(|id| proof(&world, *id).state == ProofState::Proving).collect();
        assert_eq!(now, [done == 1, done == 2, done == 0]);
        world.prover.release();
        services.prove.idle().await;
    }
    assert_eq!(world.prover.most_proving.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_proof_stops_when_its_job_is_cancelled_answered_by_another_overdue_or_off_the_chain() {
    for stop in ["cancel", "another", "overdue", "reorganised"] {
        let world = World::proving();
        let role = world.start().await;
        let before = world.ledger.head_now().number;
        let id = answered(&world, &role, 1).await[0];
        let event = world.ledger.event_of(id);
        world.prover.then(Attempt::Block);
        let services = role.services();
        passes(&services.prove).await;
        world.prover.proving(1).await;
        match stop {
            "cancel" => world.store().write(|tx| jobs::cancel(tx, world.job(id).id, 1)).unwrap(),
            "another" => drop(world.ledger.fulfilled_by_another(id)),
            "overdue" => drop(world.ledger.mine_at(601, vec![])),
            _ => {
                world.ledger.reorg(before);
                world.ledger.mine(vec![]);
            }
        }
        passes(&services.ingest).await;
        passes(&services.settle).await;
        services.prove.idle().await;
        world.prover.proving(0).await;
        assert_eq!((world.intents(id), proof(&world, id).attempts), (0, 0), "{stop}");
        assert_eq!(role.metrics().lost_proofs.load(Ordering::Relaxed), 1, "{stop}");
        if stop == "reorganised" {
            // It comes back, and so does the wish for a proof.
            assert_eq!(world.state_of(id), JobState::Withdrawn);
            world.ledger.mine_again(event);
            turn(&world, &role, 5).await;
            assert_eq!((world.state_of(id), world.engine.runs()), (JobState::Succeeded, 1));
        }
    }
}

#[tokio::test]
async fn shutdown_hands_a_slow_proof_back() {
    let world = World::proving();
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    world.prover.then(Attempt::Block);
    passes(&role.services().prove).await;
    world.prover.proving(1).await;
    role.services().prove.drain().await;
    let left = proof(&world, id);
    assert_eq!((left.state, left.attempts), (ProofState::Waiting, 0), "it does not count");
}

#[tokio::test]
async fn requests_for_proofs_that_do_not_pay_or_come_too_late_are_declined_with_the_reason() {
    let reason = async |world: &World, max_fee: u128, seconds: u64| {
        let role = world.start().await;
        let id = world.ledger.request_proof(PROVED, &INPUT, max_fee, seconds);
        settle_down(&role).await;
        let job = world.job(id);
        assert_eq!((job.state, world.prover.attempts()), (JobState::Declined, 0), "{job:?}");
        job.reason.unwrap()
    };
    // 106 units at 1,000 are 106,000; at the price of proofs they are 530,000.
    let mut world = World::proving();
    world.config.proving.unit_price = Some(5_000);
    assert!(reason(&world, 500_000, 600).await.contains("530000"));
    let mut world = World::proving();
    world.config.proving.min_fee = 200_000;
    assert!(reason(&world, u128::MAX, 600).await.contains("minimum of 200000"));
    let mut world = World::proving();
    world.config.proving.assumed_time = Duration::from_secs(100);
    assert!(reason(&world, u128::MAX, 100).await.contains("are needed"));
    let mut world = World::proving();
    world.config.opg_per_eth = Some(1);
    world.ledger.state().gas_cost = U256::from(10_u64.pow(18)) * U256::from(106_001);
    assert!(reason(&world, u128::MAX, 600).await.contains("gas"));
    let mut world = World::proving();
    world.config.models.last_mut().unwrap().proving = None;
    assert!(reason(&world, u128::MAX, 600).await.contains("mode 2"));
}

#[tokio::test]
async fn files_that_do_not_fit_the_registered_key_are_refused_at_the_start() {
    let refusal = async |world: &World| {
        InferenceRole::open(world.config.clone(), world.parts()).await.unwrap_err().to_string()
    };
    let world = World::proving();
    world.ledger.state().zk_keys.clear();
    assert!(refusal(&world).await.contains("no key for the version"));

    // Another model's files, and another key for the same model.
    let mut world = World::proving();
    let folder = tempfile::tempdir().unwrap();
    let right = world.config.models.last().unwrap().proving.clone().unwrap();
    let other = Keys::make(99).write(folder.path());
    world.config.models.last_mut().unwrap().proving = Some(ProvingFiles::new(&right.model, &other.key));
    assert!(refusal(&world).await.contains("for another model"));
    let other = Keys::make(10).write(folder.path());
    world.config.models.last_mut().unwrap().proving = Some(ProvingFiles::new(&right.model, &other.key));
    assert!(refusal(&world).await.contains("does not belong to the key"));

    world.config.models.last_mut().unwrap().proving = Some(right);
    world.ledger.state().specs.get_mut(&PROVED).unwrap().modes = 1;
    assert!(refusal(&world).await.contains("does not offer mode 2"));
}

#[tokio::test]
async fn a_changed_key_leaves_begun_jobs_to_fail_with_a_reason() {
    let world = World::proving();
    let role = world.start().await;
    let id = answered(&world, &role, 1).await[0];
    world.ledger.state().signer = Some(Address::repeat_byte(3));
    turn(&world, &role, 3).await;
    let job = world.job(id);
    assert_eq!((job.state, world.intents(id)), (JobState::Failed, 0));
    assert!(job.reason.unwrap().contains("not by the operator's key"));
}
