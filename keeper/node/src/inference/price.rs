//! What an inference costs.

use opg_chain::bindings::ModelSpec;

/// Compute units that a model version charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coefficients {
    /// For a request, whatever its length.
    pub per_request: u64,
    /// Per input token.
    pub per_input_token: u64,
    /// Per output token.
    pub per_output_token: u64,
}

impl From<&ModelSpec> for Coefficients {
    fn from(spec: &ModelSpec) -> Self {
        Self {
            per_request: spec.unitsPerRequest,
            per_input_token: spec.unitsPerInputToken,
            per_output_token: spec.unitsPerOutputToken,
        }
    }
}

/// What the escrow of a request pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affordable {
    /// Everything that may be asked for.
    All,
    /// No more than so many output tokens.
    Tokens(u32),
    /// Not even the input, which costs so much.
    Nothing {
        /// OPG wei.
        input_cost: u128,
    },
}

impl Coefficients {
    /// Units for reading the input. Saturates: a model whose units overflow cannot be paid for anyway.
    #[must_use]
    pub fn input_units(&self, tokens: u32) -> u64 {
        self.per_request.saturating_add(self.per_input_token.saturating_mul(tokens.into()))
    }

    /// Units for writing the output.
    #[must_use]
    pub fn output_units(&self, tokens: u32) -> u64 {
        self.per_output_token.saturating_mul(tokens.into())
    }

    /// The fee for an answer: what was used at `unit_price`, but no more than the payer put up.
    #[must_use]
    pub fn fee(&self, input_tokens: u32, output_tokens: u32, unit_price: u128, max_fee: u128) -> u128 {
        let units = u128::from(self.input_units(input_tokens)) + u128::from(self.output_units(output_tokens));
        units.saturating_mul(unit_price).min(max_fee)
    }

    /// How much of an answer of up to `output_tokens` is paid for by `max_fee`.
    #[must_use]
    pub fn affordable(
        &self,
        input_tokens: u32,
        output_tokens: u32,
        unit_price: u128,
        max_fee: u128,
    ) -> Affordable {
        let input_cost = u128::from(self.input_units(input_tokens)).saturating_mul(unit_price);
        let Some(rest) = max_fee.checked_sub(input_cost) else { return Affordable::Nothing { input_cost } };
        let per_token = u128::from(self.per_output_token).saturating_mul(unit_price);
        match rest.checked_div(per_token) {
            Some(tokens) if tokens < output_tokens.into() => {
                Affordable::Tokens(u32::try_from(tokens).unwrap_or(u32::MAX))
            }
            _ => Affordable::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The hub refuses a fee above the maximum or above unit price × units: no answer within what was found
        /// affordable runs into either, and none of it is given away.
        #[test]
        fn what_is_affordable_is_paid_in_full(
            per_request in 0..u64::MAX / 4,
            per_input_token in 0..1_000_000_u64,
            per_output_token in 0..1_000_000_u64,
            input in 0..100_000_u32,
            wanted in 0..100_000_u32,
            unit_price in 0..u128::from(u64::MAX),
            max_fee in any::<u128>(),
        ) {
            let model = Coefficients { per_request, per_input_token, per_output_token };
            let units = |output| u128::from(model.input_units(input)) + u128::from(model.output_units(output));
            let granted = match model.affordable(input, wanted, unit_price, max_fee) {
                Affordable::All => wanted,
                Affordable::Tokens(tokens) => {
                    prop_assert!(tokens < wanted);
                    prop_assert!(units(tokens + 1) * unit_price > max_fee, "one more token would have been paid for");
                    tokens
                }
                Affordable::Nothing { input_cost } => {
                    prop_assert!(input_cost > max_fee);
                    return Ok(());
                }
            };
            prop_assert_eq!(model.fee(input, granted, unit_price, max_fee), units(granted) * unit_price);
            prop_assert!(model.fee(input, wanted, unit_price, max_fee) <= max_fee);
        }
    }

    #[test]
    fn extreme_coefficients_saturate() {
        let model =
            Coefficients { per_request: u64::MAX, per_input_token: u64::MAX, per_output_token: u64::MAX };
        assert_eq!(model.input_units(u32::MAX), u64::MAX);
        assert_eq!(model.fee(u32::MAX, u32::MAX, u128::MAX, 5), 5);
        assert_eq!(
            model.affordable(1, 1, u128::MAX, u128::MAX - 1),
            Affordable::Nothing { input_cost: u128::MAX }
        );
        assert_eq!(model.affordable(1, 0, 0, 0), Affordable::All, "a price of zero pays for everything");
    }
}
