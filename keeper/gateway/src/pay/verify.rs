//! Whether a payment is good. Everything is checked against what this node asks for, nothing against what the payment
//! says that it was asked.

use alloy::{
    primitives::{Address, B256, Bytes, U256, b256},
    sol_types::{SolCall, SolStruct},
};
use opg_chain::{
    bindings::Opg,
    x402::{self, ExactPayload, Paid, Requirements, TransferWithAuthorization, VERSION},
};
use opg_receipts::recover_signer;

use crate::{ApiError, config::Payments, context::Context};

/// Suffix of signatures for wallets that are not deployed yet (ERC-6492): 0x6492, sixteen times.
const UNDEPLOYED: B256 = b256!("6492649264926492649264926492649264926492649264926492649264926492");

/// A payment that is good as far as can be told without the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) payer: Address,
    /// The payer's number for it.
    pub(crate) nonce: B256,
    pub(crate) asset: Address,
    pub(crate) pay_to: Address,
    pub(crate) amount: u128,
    /// Unix time before which it cannot be settled.
    valid_after: u64,
    /// Unix time from which it cannot be settled.
    pub(crate) valid_before: u64,
    signature: Bytes,
    /// Whether the payer's own key made the signature.
    by_key: bool,
}

/// A payment that is not good.
pub(crate) fn refuse(code: &'static str, reason: impl std::fmt::Display) -> ApiError {
    ApiError::payment(code, format!("the payment is refused: {reason}"))
}

/// Reads a payment header.
pub(crate) fn open(header: &[u8]) -> Result<Paid, ApiError> {
    let paid: Paid = x402::decode(header).map_err(|reason| refuse("invalid_payment", reason))?;
    if paid.x402_version != VERSION {
        let reason = format!("it is of x402 version {}, this node speaks {VERSION}", paid.x402_version);
        return Err(refuse("invalid_x402_version", reason));
    }
    Ok(paid)
}

/// Compares a payment with what is asked for.
pub(crate) fn read(context: &Context, paid: Paid, asked: &Requirements) -> Result<Payment, ApiError> {
    let accepted = &paid.accepted;
    for (code, differs, what) in [
        ("unsupported_scheme", accepted.scheme != asked.scheme, "scheme"),
        ("invalid_network", accepted.network != asked.network, "network"),
        ("invalid_asset", accepted.asset != asked.asset, "asset"),
        ("invalid_pay_to", accepted.pay_to != asked.pay_to, "payTo"),
        ("invalid_amount", accepted.amount != asked.amount, "amount"),
    ] {
        if differs {
            let reason =
                format!("its {what} is not the one that this request costs; ask for the price again");
            return Err(refuse(code, reason));
        }
    }
    let payload: ExactPayload =
        serde_json::from_value(paid.payload).map_err(|error| refuse("invalid_payload", error))?;
    let ExactPayload { signature, authorization: signed } = payload;
    if signed.to != asked.pay_to {
        return Err(refuse("invalid_pay_to", format!("it pays {}, not {}", signed.to, asked.pay_to)));
    }
    if signed.value != asked.amount {
        return Err(refuse("invalid_amount", format!("it is of {} wei, not {}", signed.value, asked.amount)));
    }
    let number = |name: &str, text: &str| {
        text.parse::<u64>().map_err(|_| refuse("invalid_payload", format!("{name} {text:?} is not a time")))
    };
    let amount =
        asked.amount.parse::<u128>().map_err(|_| refuse("invalid_amount", "the amount is not a number"))?;
    let payment = Payment {
        payer: signed.from,
        nonce: signed.nonce,
        asset: asked.asset,
        pay_to: asked.pay_to,
        amount,
        valid_after: number("validAfter", &signed.valid_after)?,
        valid_before: number("validBefore", &signed.valid_before)?,
        by_key: false,
        signature,
    };
    payment.check_signature(context)
}

impl Payment {
    /// Recovers the signer. A signature that is not of the payer's key may still be one that the payer's code accepts.
    fn check_signature(self, context: &Context) -> Result<Self, ApiError> {
        if self.payer.is_zero() {
            return Err(refuse("invalid_payer", "the zero address cannot pay"));
        }
        if self.signature.ends_with(UNDEPLOYED.as_slice()) {
            let reason = "wallets that are not deployed are not supported; deploy the wallet first";
            return Err(refuse("unsupported_signature", reason));
        }
        let by_key = self.recovered(context).is_some_and(|signer| signer == self.payer);
        Ok(Self { by_key, ..self })
    }

    /// Whose key made the signature: 65 bytes with low s and v of 27 or 28, as the token takes them.
    fn recovered(&self, context: &Context) -> Option<Address> {
        let message = TransferWithAuthorization {
            from: self.payer,
            to: self.pay_to,
            value: U256::from(self.amount),
            validAfter: U256::from(self.valid_after),
            validBefore: U256::from(self.valid_before),
            nonce: self.nonce,
        };
        let digest = message.eip712_signing_hash(context.token.as_ref()?);
        recover_signer(digest, &self.signature).ok()
    }

    /// Asks the chain whether the payment could be settled now, and for long enough.
    pub(crate) async fn check_on_chain(&self, context: &Context) -> Result<(), ApiError> {
        let Payments::X402 { settlement_time, .. } = context.config.payments else { return Ok(()) };
        let ledger = &context.ledger;
        let code = async { if self.by_key { Ok(true) } else { ledger.has_code(self.payer).await } };
        let (head, used, balance, code) = tokio::try_join!(
            ledger.head(),
            ledger.authorization_used(self.asset, self.payer, self.nonce),
            ledger.balance(self.asset, self.payer),
            code,
        )?;
        if !code {
            let reason = format!(
                "its signature is not of {}: another key, other values, another chain or token, or a form that the \
                 token refuses",
                self.payer
            );
            return Err(refuse("invalid_signature", reason));
        }
        // The token takes a time strictly after one bound and strictly before the other.
        if self.valid_after >= head.timestamp {
            return Err(refuse("not_yet_valid", format!("it is valid only after {}", self.valid_after)));
        }
        let now = head.timestamp.max(context.now());
        if self.valid_before < now.saturating_add(settlement_time) {
            let reason =
                format!("it has to be valid for {settlement_time} s more, so that it can be settled");
            return Err(refuse("expires_too_soon", reason));
        }
        if used {
            return Err(refuse("payment_already_used", "its nonce was used or cancelled on the chain"));
        }
        if balance < U256::from(self.amount) {
            let reason = format!("{} holds {balance} wei, less than {}", self.payer, self.amount);
            return Err(refuse("insufficient_funds", reason));
        }
        match ledger.simulate(context.signer.address(), self.asset, self.settlement()).await? {
            Ok(()) => Ok(()),
            Err(reason) => Err(refuse("invalid_signature", format!("the token would refuse it: {reason}"))),
        }
    }

    /// The call that settles it. A key's signature goes to the form that takes keys, so that an account with delegated
    /// code can pay by its key.
    pub(crate) fn settlement(&self) -> Bytes {
        let value = U256::from(self.amount);
        let (valid_after, valid_before) = (U256::from(self.valid_after), U256::from(self.valid_before));
        let calldata = match <&[u8; 65]>::try_from(self.signature.as_ref()) {
            Ok(bytes) if self.by_key => Opg::transferWithAuthorization_1Call {
                from: self.payer,
                to: self.pay_to,
                value,
                validAfter: valid_after,
                validBefore: valid_before,
                nonce: self.nonce,
                v: bytes[64],
                r: B256::from_slice(&bytes[..32]),
                s: B256::from_slice(&bytes[32..64]),
            }
            .abi_encode(),
            _ => Opg::transferWithAuthorization_0Call {
                from: self.payer,
                to: self.pay_to,
                value,
                validAfter: valid_after,
                validBefore: valid_before,
                nonce: self.nonce,
                signature: self.signature.clone(),
            }
            .abi_encode(),
        };
        calldata.into()
    }
}
