// Written by app/scripts/abi.mjs: run `make app-abi` instead of editing.
export const verifyingKeysAbi = [
  {"type":"function","name":"attest","inputs":[{"name":"commitment","type":"bytes32"},{"name":"contributor","type":"address"},{"name":"signature","type":"bytes"}],"outputs":[],"stateMutability":"nonpayable"},
  {"type":"function","name":"attestationOf","inputs":[{"name":"commitment","type":"bytes32"}],"outputs":[{"name":"digest","type":"bytes32"}],"stateMutability":"pure"},
  {"type":"function","name":"commitmentOf","inputs":[{"name":"terms","type":"tuple","components":[{"name":"modelDigest","type":"bytes32"},{"name":"kind","type":"uint8"},{"name":"transcriptHash","type":"bytes32"}]},{"name":"key","type":"bytes"}],"outputs":[{"name":"","type":"bytes32"}],"stateMutability":"pure"},
  {"type":"function","name":"hasAttested","inputs":[{"name":"commitment","type":"bytes32"},{"name":"contributor","type":"address"}],"outputs":[{"name":"","type":"bool"}],"stateMutability":"view"},
  {"type":"function","name":"isTrusted","inputs":[{"name":"commitment","type":"bytes32"},{"name":"contributor","type":"address"}],"outputs":[{"name":"","type":"bool"}],"stateMutability":"view"},
  {"type":"function","name":"keyOf","inputs":[{"name":"commitment","type":"bytes32"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"pointer","type":"address"},{"name":"inputLength","type":"uint32"},{"name":"outputLength","type":"uint32"},{"name":"kind","type":"uint8"}]}],"stateMutability":"view"},
  {"type":"function","name":"register","inputs":[{"name":"terms","type":"tuple","components":[{"name":"modelDigest","type":"bytes32"},{"name":"kind","type":"uint8"},{"name":"transcriptHash","type":"bytes32"}]},{"name":"key","type":"bytes"}],"outputs":[{"name":"commitment","type":"bytes32"}],"stateMutability":"nonpayable"},
  {"type":"event","name":"KeyAttested","inputs":[{"name":"commitment","type":"bytes32","indexed":true},{"name":"contributor","type":"address","indexed":true}]},
  {"type":"event","name":"KeyRegistered","inputs":[{"name":"commitment","type":"bytes32","indexed":true},{"name":"modelDigest","type":"bytes32","indexed":true},{"name":"terms","type":"tuple","indexed":false,"components":[{"name":"modelDigest","type":"bytes32"},{"name":"kind","type":"uint8"},{"name":"transcriptHash","type":"bytes32"}]},{"name":"pointer","type":"address","indexed":false}]},
  {"type":"error","name":"InvalidKeyTerms","inputs":[{"name":"field","type":"string"}]},
  {"type":"error","name":"KeyAlreadyRegistered","inputs":[{"name":"commitment","type":"bytes32"}]},
  {"type":"error","name":"MalformedKey","inputs":[{"name":"reason","type":"string"}]},
  {"type":"error","name":"NotMultiParty","inputs":[{"name":"commitment","type":"bytes32"}]},
  {"type":"error","name":"UnknownKey","inputs":[{"name":"commitment","type":"bytes32"}]},
  {"type":"error","name":"WrongAttestation","inputs":[{"name":"commitment","type":"bytes32"},{"name":"contributor","type":"address"}]},
] as const;
