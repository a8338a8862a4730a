//! What an answer costs.

use contract::decision::Usage;
use contract::door::decimal;
use contract::notice::PriceInfo;

/// Prices of a million tokens, in millionths of a currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Of tokens that are sent.
    pub prompt: u64,
    /// Of those of them that the endpoint has kept from before; `None`: as all others.
    pub cached: Option<u64>,
    /// Of tokens that come back.
    pub completion: u64,
}

impl Price {
    /// As others are told it; nothing where nothing is known to cost anything.
    pub fn info(&self) -> Option<PriceInfo> {
        let text = |price: u64| Some(decimal(i64::try_from(price).unwrap_or(i64::MAX)));
        (*self != Price::default()).then(|| PriceInfo {
            prompt: text(self.prompt),
            cached: self.cached.and_then(text),
            completion: text(self.completion),
        })
    }

    /// What one request costs that took `usage`, in millionths of the currency; rounded up once.
    pub fn cost_micros(&self, usage: &Usage) -> u64 {
        let cached = usage.cached_tokens.min(usage.prompt_tokens);
        let cost = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let sum = cost(usage.prompt_tokens - cached, self.prompt)
            .saturating_add(cost(cached, self.cached.unwrap_or(self.prompt)))
            .saturating_add(cost(usage.completion_tokens, self.completion));
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_rounded_up_once() {
        let price = Price { prompt: 150_000, cached: Some(75_000), completion: 600_000 };
        let cost = |prompt_tokens, cached_tokens, completion_tokens| {
            let usage =
                Usage { prompt_tokens, cached_tokens, completion_tokens, ..Usage::default() };
            price.cost_micros(&usage)
        };
        for (prompt, cached, completion, micros) in [
            (0, 0, 0, 0),
            (1, 0, 0, 1),
            (1_000_000, 0, 0, 150_000),
            (1_000_000, 1_000_000, 0, 75_000),
            (1000, 400, 50, 90 + 30 + 30),
            // 0.15 + 0.6 of a millionth, rounded up together.
            (1, 0, 1, 1),
            // More kept than sent is as much as was sent.
            (10, 1_000_000, 0, 1),
        ] {
            assert_eq!(cost(prompt, cached, completion), micros, "{prompt} {cached} {completion}");
        }
        assert_eq!(cost(u64::MAX, 0, u64::MAX), 13_835_058_055_282_163_712);
        let dear = Price { prompt: u64::MAX, cached: None, completion: u64::MAX };
        let usage = Usage { prompt_tokens: u64::MAX, completion_tokens: 9, ..Usage::default() };
        assert_eq!(dear.cost_micros(&usage), u64::MAX);
        assert_eq!(Price::default().cost_micros(&usage), 0);
    }

    #[test]
    fn without_a_price_of_its_own_what_was_kept_costs_as_all_else() {
        let price = Price { prompt: 2_000_000, cached: None, completion: 0 };
        let usage = Usage { prompt_tokens: 100, cached_tokens: 60, ..Usage::default() };
        assert_eq!(price.cost_micros(&usage), 200);
    }
}
