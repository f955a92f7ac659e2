#pragma once

/// Everything a program that embeds the bus needs.
#include "sluice/base/clock.hpp"
#include "sluice/base/result.hpp"
#include "sluice/bus/bus.hpp"
#include "sluice/bus/dispatcher.hpp"
#include "sluice/bus/persistence.hpp"
#include "sluice/journal/journal.hpp"
