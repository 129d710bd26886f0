//! Encrypted keystores in the Web3 Secret Storage format, version 3.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alloy::{
    primitives::{Address, B256},
    signers::{k256::elliptic_curve::rand_core::OsRng, local::PrivateKeySigner},
};
use eth_keystore::{EthKeystore, KdfparamsType, KeystoreError};
use zeroize::Zeroizing;

use super::{Password, SignerError};

/// Creates a key and writes it, encrypted, to the new file `path`, which only its owner can read.
///
/// # Errors
/// If the file exists or cannot be written.
pub fn create_keystore(path: &Path, password: &Password) -> Result<PrivateKeySigner, SignerError> {
    let signer = PrivateKeySigner::random();
    write(path, password, &signer)?;
    Ok(signer)
}

/// As [`create_keystore`], with a key that exists already.
///
/// # Errors
/// If `key` is not a private key, or the file exists or cannot be written.
pub fn import_keystore(
    path: &Path,
    password: &Password,
    key: &B256,
) -> Result<PrivateKeySigner, SignerError> {
    let signer = PrivateKeySigner::from_bytes(key)
        .map_err(|_| SignerError::InvalidKey { what: "the key to import".to_owned() })?;
    write(path, password, &signer)?;
    Ok(signer)
}

/// Opens a keystore.
///
/// # Errors
/// If the file is absent, readable by others, not a keystore, or the password is another one.
pub fn open_keystore(path: &Path, password: &Password) -> Result<PrivateKeySigner, SignerError> {
    check_private(path)?;
    parse(path)?;
    let key =
        eth_keystore::decrypt_key(path, password.expose()).map(Zeroizing::new).map_err(
            |error| match error {
                KeystoreError::MacMismatch => SignerError::WrongPassword { path: path.to_owned() },
                other => SignerError::NotAKeystore { path: path.to_owned(), reason: other.to_string() },
            },
        )?;
    PrivateKeySigner::from_slice(&key)
        .map_err(|_| SignerError::InvalidKey { what: format!("what {} contains", path.display()) })
}

/// The address that a keystore states without being opened, where it does. Not authenticated.
///
/// # Errors
/// If the file is absent or not a keystore.
pub fn address_of(path: &Path) -> Result<Option<Address>, SignerError> {
    let text = parse(path)?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| SignerError::NotAKeystore { path: path.to_owned(), reason: error.to_string() })?;
    Ok(value.get("address").and_then(|address| address.as_str()?.parse().ok()))
}

/// Checks that a file is readable by its owner only.
pub(super) fn check_private(path: &Path) -> Result<(), SignerError> {
    let metadata =
        fs::metadata(path).map_err(|source| SignerError::Read { path: path.to_owned(), source })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SignerError::Exposed { path: path.to_owned(), mode });
        }
    }
    #[cfg(not(unix))]
    let _ = metadata;
    Ok(())
}

/// Reads a keystore and checks what the decrypting library takes for granted.
fn parse(path: &Path) -> Result<String, SignerError> {
    let fail = |reason: String| SignerError::NotAKeystore { path: path.to_owned(), reason };
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        io::ErrorKind::InvalidData => fail("it is not text".to_owned()),
        _ => SignerError::Read { path: path.to_owned(), source },
    })?;
    let keystore: EthKeystore = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
    let length = match &keystore.crypto.kdfparams {
        KdfparamsType::Pbkdf2 { dklen, .. } => *dklen,
        KdfparamsType::Scrypt { dklen, n, .. } => {
            if !n.is_power_of_two() {
                return Err(fail(format!("its scrypt parameter n is {n}, not a power of two")));
            }
            *dklen
        }
    };
    let checks = [
        (keystore.version == 3, format!("its version is {}, not 3", keystore.version)),
        (keystore.crypto.cipher == "aes-128-ctr", format!("its cipher is `{}`", keystore.crypto.cipher)),
        (length >= 32, format!("its derived key has {length} bytes, not 32")),
        (keystore.crypto.cipherparams.iv.len() == 16, "its iv does not have 16 bytes".to_owned()),
        (keystore.crypto.ciphertext.len() == 32, "its ciphertext does not have 32 bytes".to_owned()),
    ];
    match checks.into_iter().find(|(good, _)| !good) {
        Some((_, reason)) => Err(fail(reason)),
        None => Ok(text),
    }
}

/// Writes in a private folder beside the target and links into place, so that the file is never readable by others,
/// never half written, and never replaces another.
fn write(path: &Path, password: &Password, signer: &PrivateKeySigner) -> Result<(), SignerError> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => SignerError::Exists { path: path.to_owned() },
        _ => SignerError::Write { path: path.to_owned(), source },
    };
    if path.symlink_metadata().is_ok() {
        return Err(SignerError::Exists { path: path.to_owned() });
    }
    let folder = PrivateFolder::beside(path).map_err(fail)?;
    let key = Zeroizing::new(signer.to_bytes().0);
    let name = "keystore";
    eth_keystore::encrypt_key(&folder.0, &mut OsRng, key.as_slice(), password.expose(), Some(name))
        .map_err(|error| fail(io::Error::other(error.to_string())))?;
    let file = folder.0.join(name);
    restrict(&file, 0o600).map_err(fail)?;
    fs::File::open(&file).and_then(|file| file.sync_all()).map_err(fail)?;
    fs::hard_link(&file, path).map_err(fail)
}

/// A folder for its owner only, removed when dropped.
struct PrivateFolder(PathBuf);

impl PrivateFolder {
    fn beside(path: &Path) -> io::Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = parent.join(format!(".keystore-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let folder = Self(folder);
        restrict(&folder.0, 0o700)?;
        Ok(folder)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, mode);
        Ok(())
    }
}
