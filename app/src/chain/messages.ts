import { formatDuration, formatOpg, formatTime } from '../lib/format';

type Args = readonly unknown[];
type Message = { title: string; remedy: string };
type Write = (args: Args, now: number) => Message;

const say =
  (title: string, remedy: string): Write =>
  () => ({ title, remedy });
const opg = (value: unknown) => (typeof value === 'bigint' ? `${formatOpg(value)} OPG` : String(value));
const time = (value: unknown) => (typeof value === 'bigint' || typeof value === 'number' ? formatTime(value) : String(value));
const wait = (value: unknown, now: number) => formatDuration(Number(value) - now);

const STATES = ['pending', 'active', 'cancelled', 'defeated', 'succeeded', 'queued', 'expired', 'executed'];
const state = (value: unknown) => STATES[Number(value)] ?? 'unknown';
const expired = say('The signature is too old', 'Sign again; a signature is valid for an hour.');
const badSignature = say('The signature does not fit', 'Use the account that the action is for, and sign again.');

/** What the errors of our contracts mean, and what to do, for people. By the name of the error. */
export const MESSAGES: Record<string, Write> = {
  // Token
  ERC20InsufficientBalance: ([, has, needs]) => ({
    title: `The account has ${opg(has)}, and this needs ${opg(needs)}`,
    remedy: 'Enter a smaller amount. Staked and locked tokens cannot be sent.',
  }),
  ERC20InsufficientAllowance: ([, has, needs]) => ({
    title: `The approval covers ${opg(has)} of ${opg(needs)}`,
    remedy: 'Approve the amount first; the page does so when you start again.',
  }),
  ERC20InvalidReceiver: say('The token cannot be sent to this address', 'Enter the address of a person or a contract.'),
  DirectVaultTransfer: say('Tokens cannot be sent to the custody vault', 'Use the Stake page: it stakes them for you.'),
  VotesExpiredSignature: expired,
  ERC2612ExpiredSignature: expired,
  ExpiredSignature: expired,
  GovernorExpiredSignature: expired,
  InvalidSignature: badSignature,
  GovernorInvalidSignature: badSignature,
  ERC2612InvalidSigner: badSignature,
  InvalidAccountNonce: say('The signature was used, or another one since', 'Sign again: each signature counts once and in order.'),
  InsufficientCustody: say('Less is staked than this needs', 'Reload the page; a slash or another withdrawal came first.'),
  // Airdrop
  AlreadyClaimed: say('This was claimed already', 'Look at the balance of the account; a claim pays once.'),
  ClaimsEnded: ([deadline]) => ({ title: `Claims ended on ${time(deadline)}`, remedy: 'What was not claimed belongs to the treasury.' }),
  InvalidProof: say('The proof does not fit this account', 'Check that the page uses the genesis of this chain.'),
  DelegationRefused: say('The delegation was not accepted', 'Sign again, or claim first and delegate afterwards.'),
  SweepTooEarly: ([at]) => ({ title: `The rest can be swept from ${time(at)}`, remedy: 'Come back then.' }),
  UnsettledFeesAtCap: say('The operator has as many unsettled fees as its stake allows', 'Sweep again later: fees settle after the challenge window.'),
  NoFees: say('No fees wait for this operator and model', 'Nothing to do.'),
  CapacityTooHigh: say('The own stake does not allow that capacity', 'Declare less, or stake more first.'),
  NothingToCut: say('The declared capacity is within what the stake allows', 'Nothing to do.'),
  NothingToSweep: say('Nothing is left to sweep', 'Nothing to do.'),
  // Vesting
  NothingDue: say('Nothing can be claimed now', 'Wait for the next unlock, shown beside the grant.'),
  LessThanMinimum: say('Less is due than was asked for', 'Try again with what is due now.'),
  ManualRelease: say('The beneficiary releases this grant itself', 'Ask the beneficiary to claim.'),
  RecipientRefused: say('The token refuses this recipient', 'Claim to another address.'),
  InvalidRecipient: say('Tokens cannot be paid to this address', 'Enter another address.'),
  NotBeneficiary: say('The grant belongs to another account', 'Switch to the account that owns it.'),
  NotTransferable: say('This grant cannot be handed on', 'Claim to another address instead.'),
  CategoryOverdrawn: say('The category holds less than the grant promises', 'Tell the project: its genesis files are wrong.'),
  UnknownCategory: say('The vault does not know this category', 'Check that the page uses the genesis of this chain.'),
  // Staking
  AmountZero: say('The amount is zero', 'Enter an amount.'),
  Slippage: ([got, least]) => ({
    title: `A slash changed the price: ${opg(got)} instead of at least ${opg(least)}`,
    remedy: 'Look at the operator again, then decide anew.',
  }),
  SlashOpen: say('A slash of this operator is not decided yet', 'Stake elsewhere, or wait for the decision. Leaving stays possible.'),
  WrongOperatorStatus: say('The operator does not take stake now', 'Choose an active operator.'),
  PoolDiluted: say('The pool lost so much that it takes no more stake', 'Stake at another operator.'),
  SelfStakeTooLow: ([, stake, least]) => ({
    title: `Own stake would be ${opg(stake)}, below the least of ${opg(least)}`,
    remedy: 'Unbond less, or retire to leave with everything.',
  }),
  InsufficientShares: say('Less is staked there than this takes out', 'Reload the page and enter a smaller amount.'),
  TooManyUnbonds: ([, , most]) => ({ title: `${String(most)} unbonds are open already`, remedy: 'Withdraw or cancel one first.' }),
  UnknownUnbond: say('This unbond is not open any more', 'Reload the page: it was withdrawn or cancelled.'),
  NotMature: ([at], now) => ({ title: `It can be withdrawn in ${wait(at, now)}, on ${time(at)}`, remedy: 'Come back then; it needs no further action.' }),
  StakeFrozen: ([, frozen, until], now) => ({
    title: `A dispute about this operator keeps ${opg(frozen)} of its stake until it is decided`,
    remedy: `Come back then. It can leave in ${wait(until, now)} in any case, on ${time(until)}.`,
  }),
  UnbondWorthless: say('A slash took all of this unbond', 'It can only be withdrawn, to clear the list.'),
  NotOwnerNorAgent: say('Only the owner or its agent may do this', 'Switch to the account that owns the stake.'),
  StillJailed: ([, until]) => ({ title: `The operator is jailed until ${time(until)}`, remedy: 'Wait until then.' }),
  NotExecutableYet: ([, at]) => ({ title: `The slash can be executed from ${time(at)}`, remedy: 'Wait until the veto window is over.' }),
  UnknownSlash: say('This slash is decided already', 'Nothing to do.'),
  // Governance
  GovernorAlreadyCastVote: say('This account has voted already', 'A vote is final.'),
  GovernorInsufficientProposerVotes: ([, votes, needs]) => ({
    title: `A proposal needs ${opg(needs)} of votes; the account has ${opg(votes)}`,
    remedy: 'Have votes delegated to you. They count from the next second on.',
  }),
  GovernorUnexpectedProposalState: ([, current]) => ({
    title: `The proposal is ${state(current)}, which does not allow this`,
    remedy: 'Look at its timeline for what can be done when.',
  }),
  GovernorNonexistentProposal: say('There is no such proposal', 'Check the link, and that the page uses the right chain.'),
  GovernorRestrictedProposer: say('The text reserves this proposal for another account', 'Remove the line #proposer=… from the text.'),
  GovernorUnableToCancel: say('This account cannot cancel the proposal', 'The proposer can before voting begins, the guardian at any time.'),
  GovernorInvalidProposalLength: say('A proposal needs at least one call', 'Add an action.'),
  GovernorOnlyExecutor: say('Only a proposal can do this', 'Create a proposal with this call.'),
  TimelockUnexpectedOperationState: say('The timelock is not ready for this', 'Wait until the delay is over.'),
  AccessManagedUnauthorized: say('This account has no right to do this', 'Create a proposal: governance has the right.'),
  FailedCall: say('A call of the proposal failed', 'It can be tried again once the cause is gone.'),
  ParameterOutOfBounds: ([name, value, least, most]) => ({
    title: `"${String(name)}" cannot be ${String(value)}`,
    remedy: `Choose a value from ${String(least)} to ${String(most)}.`,
  }),
  // Enclaves
  AlreadyApproved: say('This measurement is approved already', 'Nothing to do.'),
  NotApproved: say('This measurement is not approved', 'Nothing to do: it was removed, or never added.'),
  InvalidMeasurement: ([field]) => ({ title: `The ${String(field)} of the measurement is zero`, remedy: 'Enter what the hardware reports.' }),
  // Inference
  InsufficientCredit: say('The credit is smaller than that', 'Withdraw less.'),
  ModelNotRequestable: say('The model version takes no requests in this mode', 'Choose another version or mode.'),
};
