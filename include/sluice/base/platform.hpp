#pragma once

/// Everything that Sluice asks of the processor and the kernel, in one place: another platform is another set
/// of these files. Linux on x86-64 and aarch64.
#include "sluice/base/cpu.hpp"
#include "sluice/base/event_fd.hpp"
#include "sluice/base/fence.hpp"
#include "sluice/base/futex.hpp"
#include "sluice/base/mapped_memory.hpp"
#include "sluice/base/thread.hpp"
