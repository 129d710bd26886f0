//! The keeper's key: kept in an encrypted keystore, used through alloy's signer traits so that a remote key can take its
//! place.

mod error;
mod keystore;
mod password;
mod permit;
mod receipt;

pub use error::SignerError;
pub use keystore::{address_of, create_keystore, import_keystore, open_keystore};
pub use password::Password;
pub use permit::sign_permit;
pub use receipt::sign_receipt;

pub use alloy::signers::local::PrivateKeySigner;
