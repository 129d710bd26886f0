//! From logs to events.

use alloy::{
    primitives::{B256, Log, LogData, U256},
    sol_types::SolEvent,
};
use opg_receipts::{content_hash, hub_request_id};

use super::{ChainEvent, FeeParts};
use crate::{
    address_book::AddressBook,
    bindings::{IFeeRouter, IInferenceHub, IModelRegistry, IReceiptBatches, IStaking},
};

/// Reads a log of one of our contracts. `None`: an event that the keeper does not act on.
///
/// # Errors
/// If the log does not decode or contradicts itself: no contract of ours emits such a log, so the endpoint is lying or
/// the address book is wrong.
pub(crate) fn decode(log: &Log, contracts: &AddressBook) -> Result<Option<ChainEvent>, String> {
    if log.address == contracts.inference_hub {
        hub(log, contracts)
    } else if log.address == contracts.staking {
        staking(log)
    } else if log.address == contracts.model_registry {
        models(log)
    } else if Some(log.address) == contracts.receipt_batches {
        batches(log, contracts)
    } else if Some(log.address) == contracts.fee_router {
        fees(log)
    } else {
        Ok(None)
    }
}

fn topic(log: &Log) -> B256 {
    log.topics().first().copied().unwrap_or_default()
}

fn read<E: SolEvent>(log: &Log<LogData>) -> Result<E, String> {
    E::decode_log_data(&log.data).map_err(|error| format!("{} does not decode: {error}", E::SIGNATURE))
}

fn hub(log: &Log, contracts: &AddressBook) -> Result<Option<ChainEvent>, String> {
    use IInferenceHub::{
        CallbackDelivered, CallbackFailed, Credited, FulfilmentRefused, InferenceFulfilled,
        InferenceRequested, RequestExpired,
    };
    Ok(Some(match topic(log) {
        InferenceRequested::SIGNATURE_HASH => {
            let event = read::<InferenceRequested>(log)?;
            let request = opg_receipts::Request::from(event.request);
            if hub_request_id(contracts.chain_id, contracts.inference_hub, &request) != event.requestId {
                return Err(format!("request {} has another identifier", event.requestId));
            }
            if content_hash(&event.input) != request.inputHash {
                return Err(format!("the input of request {} has another hash", event.requestId));
            }
            ChainEvent::InferenceRequested { request_id: event.requestId, request, input: event.input }
        }
        InferenceFulfilled::SIGNATURE_HASH => {
            let event = read::<InferenceFulfilled>(log)?;
            ChainEvent::InferenceFulfilled {
                request_id: event.requestId,
                operator: event.operator,
                fulfilment: event.fulfilment,
            }
        }
        FulfilmentRefused::SIGNATURE_HASH => {
            let event = read::<FulfilmentRefused>(log)?;
            ChainEvent::FulfilmentRefused {
                request_id: event.requestId,
                operator: event.operator,
                reason: event.reason,
            }
        }
        CallbackFailed::SIGNATURE_HASH => {
            let event = read::<CallbackFailed>(log)?;
            ChainEvent::CallbackFailed { request_id: event.requestId, consumer: event.consumer }
        }
        CallbackDelivered::SIGNATURE_HASH => {
            let event = read::<CallbackDelivered>(log)?;
            ChainEvent::CallbackDelivered { request_id: event.requestId, consumer: event.consumer }
        }
        Credited::SIGNATURE_HASH => {
            let event = read::<Credited>(log)?;
            ChainEvent::Credited { account: event.account, request_id: event.requestId, amount: event.amount }
        }
        RequestExpired::SIGNATURE_HASH => {
            let event = read::<RequestExpired>(log)?;
            ChainEvent::RequestExpired {
                request_id: event.requestId,
                payer: event.payer,
                refund: event.refund,
            }
        }
        _ => return Ok(None),
    }))
}

fn staking(log: &Log) -> Result<Option<ChainEvent>, String> {
    use IStaking::{
        Delegated, OperatorJailed, OperatorRegistered, OperatorRetired, OperatorUnjailed, SignerSet,
        SlashOpened,
    };
    Ok(Some(match topic(log) {
        OperatorRegistered::SIGNATURE_HASH => {
            let event = read::<OperatorRegistered>(log)?;
            ChainEvent::OperatorRegistered {
                operator: event.operator,
                signer: event.signer,
                roles: event.roles,
            }
        }
        SignerSet::SIGNATURE_HASH => {
            let event = read::<SignerSet>(log)?;
            ChainEvent::SignerSet {
                operator: event.operator,
                signer: event.signer,
                valid_from: event.validFrom,
            }
        }
        OperatorRetired::SIGNATURE_HASH => {
            ChainEvent::OperatorRetired { operator: read::<OperatorRetired>(log)?.operator }
        }
        OperatorJailed::SIGNATURE_HASH => {
            let event = read::<OperatorJailed>(log)?;
            ChainEvent::OperatorJailed { operator: event.operator, until: event.jailedUntil }
        }
        OperatorUnjailed::SIGNATURE_HASH => {
            ChainEvent::OperatorUnjailed { operator: read::<OperatorUnjailed>(log)?.operator }
        }
        Delegated::SIGNATURE_HASH => {
            let event = read::<Delegated>(log)?;
            ChainEvent::Delegated { operator: event.operator, owner: event.owner }
        }
        SlashOpened::SIGNATURE_HASH => {
            let event = read::<SlashOpened>(log)?;
            if event.slash.id() != event.slashId {
                return Err(format!("slash {} has another identifier", event.slashId));
            }
            ChainEvent::SlashOpened { slash_id: event.slashId, slash: event.slash }
        }
        _ => return Ok(None),
    }))
}

fn batches(log: &Log, contracts: &AddressBook) -> Result<Option<ChainEvent>, String> {
    use IReceiptBatches::{BatchPosted, LeafAnswered, LeafDemanded, LeafUnanswered};
    let place = |index: U256| u32::try_from(index).map_err(|_| format!("there is no leaf {index}"));
    Ok(Some(match topic(log) {
        BatchPosted::SIGNATURE_HASH => {
            let event = read::<BatchPosted>(log)?;
            let batch = opg_receipts::batch::Batch::from(event.batch);
            if batch.id(contracts.chain_id, log.address) != event.batchId || batch.operator != event.operator
            {
                return Err(format!("batch {} has another identifier", event.batchId));
            }
            ChainEvent::BatchPosted {
                batch_id: event.batchId,
                batch,
                poster: event.poster,
                uri: event.uri,
                final_at: event.finalAt,
            }
        }
        LeafDemanded::SIGNATURE_HASH => {
            let event = read::<LeafDemanded>(log)?;
            ChainEvent::LeafDemanded {
                batch_id: event.batchId,
                index: place(event.index)?,
                deadline: event.deadline,
                final_at: event.finalAt,
            }
        }
        LeafAnswered::SIGNATURE_HASH => {
            let event = read::<LeafAnswered>(log)?;
            ChainEvent::LeafAnswered { batch_id: event.batchId, index: place(event.index)? }
        }
        LeafUnanswered::SIGNATURE_HASH => {
            let event = read::<LeafUnanswered>(log)?;
            ChainEvent::LeafUnanswered { batch_id: event.batchId, index: place(event.index)? }
        }
        _ => return Ok(None),
    }))
}

fn fees(log: &Log) -> Result<Option<ChainEvent>, String> {
    use IFeeRouter::{Collected, FeesRouted};
    Ok(Some(match topic(log) {
        FeesRouted::SIGNATURE_HASH => {
            let event = read::<FeesRouted>(log)?;
            ChainEvent::FeesRouted {
                operator: event.operator,
                version: event.version,
                model_owner: event.modelOwner,
                parts: FeeParts {
                    operator: event.toOperator,
                    model_owner: event.toModelOwner,
                    verification: event.toVerification,
                    burned: event.burned,
                },
            }
        }
        Collected::SIGNATURE_HASH => {
            let event = read::<Collected>(log)?;
            ChainEvent::FeesCollected { account: event.account, to: event.to, amount: event.amount }
        }
        _ => return Ok(None),
    }))
}

fn models(log: &Log) -> Result<Option<ChainEvent>, String> {
    use IModelRegistry::{ModelVersionDeprecated, ModelVersionPublished};
    Ok(Some(match topic(log) {
        ModelVersionPublished::SIGNATURE_HASH => {
            let event = read::<ModelVersionPublished>(log)?;
            if event.spec.version_of(event.modelId) != event.version {
                return Err(format!("model version {} has another identifier", event.version));
            }
            ChainEvent::ModelVersionPublished {
                model_id: event.modelId,
                version: event.version,
                spec: event.spec,
            }
        }
        ModelVersionDeprecated::SIGNATURE_HASH => {
            let event = read::<ModelVersionDeprecated>(log)?;
            ChainEvent::ModelVersionDeprecated { model_id: event.modelId, version: event.version }
        }
        _ => return Ok(None),
    }))
}
