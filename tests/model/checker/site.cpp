#include "model/checker/site.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

namespace sluice::model {
namespace {

/// The part of a path that an `#include` would name; of a test's file, its name.
std::string_view included_as(std::string_view path) {
  constexpr std::string_view kInclude = "/include/";
  if (const std::size_t at = path.rfind(kInclude); at != std::string_view::npos) {
    return path.substr(at + kInclude.size());
  }
  return path.substr(path.rfind('/') + 1);
}

bool ends_with_path(std::string_view path, std::string_view end) {
  return path.ends_with(end) && (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

}  // namespace

std::string_view to_string(Operation operation) noexcept {
  switch (operation) {
    case Operation::load:
      return "load";
    case Operation::store:
      return "store";
    case Operation::rmw:
      return "rmw";
    case Operation::cas_success:
      return "cas_success";
    case Operation::cas_failure:
      return "cas_failure";
    case Operation::full_fence:
      return "full_fence";
    case Operation::acquire_fence:
      return "acquire_fence";
    case Operation::release_fence:
      return "release_fence";
    case Operation::light_fence:
      return "light_fence";
    case Operation::heavy_fence:
      return "heavy_fence";
  }
  return "?";
}

std::string_view to_string(std::memory_order order) noexcept {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

std::string Site::name() const {
  return file + ':' + std::to_string(line) + ':' + std::string(to_string(operation));
}

std::string short_place(const std::source_location& where) {
  const std::string_view path = where.file_name();
  return std::string(path.substr(path.rfind('/') + 1)) + ':' + std::to_string(where.line());
}

void Sites::mutate(std::vector<Mutation> mutations) {
  mutations_ = std::move(mutations);
  met_.assign(mutations_.size(), false);
  for (Slot& slot : slots_) {
    if (slot.file != nullptr) apply_mutations(slot);
  }
}

std::vector<Site> Sites::list() const {
  // One header is one file name per translation unit: the same site may stand here more than once.
  std::vector<Site> sites;
  for (const Slot& slot : slots_) {
    if (slot.file == nullptr) continue;
    const std::string file{included_as(slot.file)};
    const auto same = std::find_if(sites.begin(), sites.end(), [&](const Site& site) {
      return site.line == slot.line && site.operation == slot.operation && site.file == file;
    });
    if (same != sites.end())
      same->hits += slot.hits;
    else
      sites.push_back({file, slot.line, slot.operation, slot.asked, slot.hits});
  }
  std::sort(sites.begin(), sites.end(), [](const Site& a, const Site& b) {
    return std::tie(a.file, a.line, a.operation) < std::tie(b.file, b.line, b.operation);
  });
  return sites;
}

std::vector<std::string> Sites::unmet_mutations() const {
  std::vector<std::string> unmet;
  for (std::size_t i = 0; i < mutations_.size(); ++i) {
    if (!met_[i]) unmet.push_back(mutations_[i].at);
  }
  return unmet;
}

Sites::Slot& Sites::fill(Slot& slot, const std::source_location& where, Operation operation,
                         std::memory_order asked) {
  if (++used_ > kSlots / 2) {
    std::fprintf(stderr, "model: more than %zu orderings in one run: raise Sites::kSlots\n", kSlots / 2);
    std::abort();
  }
  slot = {where.file_name(), where.line(), operation, asked, asked, false, 1};
  apply_mutations(slot);
  return slot;
}

void Sites::apply_mutations(Slot& slot) {
  slot.effective = slot.asked;
  slot.removed = false;
  const std::string line = ':' + std::to_string(slot.line);
  const std::string exact = line + ':' + std::string(to_string(slot.operation));
  for (std::size_t i = 0; i < mutations_.size(); ++i) {
    std::string_view at = mutations_[i].at;
    if (at.ends_with(exact))
      at.remove_suffix(exact.size());
    else if (at.ends_with(line))
      at.remove_suffix(line.size());
    else
      continue;
    if (!ends_with_path(slot.file, at)) continue;
    met_[i] = true;
    slot.effective = mutations_[i].to;
    slot.removed = true;
  }
}

}  // namespace sluice::model
