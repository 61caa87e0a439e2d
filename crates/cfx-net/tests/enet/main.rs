//! ENet hosts in memory, on a virtual clock and a network that can be bad.

mod behaviour;
mod hostile;
mod support;
