-- Klasses whose jobs are not to run, as a text that is kept among the settings: `number:until:once`
-- with a space between two. until: milliseconds, 0: without end. once: 1 when the first job that is
-- kept from running ends it.

local revocation = {}

-- The revocations of a text, by the klass' number; nil: there are none.
function revocation.read(text)
  if not text then
    return nil
  end
  local found = {}
  for number, ending, once in string.gmatch(text, "(%d+):(%d+):(%d)") do
    found[tonumber(number)] = { ending = tonumber(ending), once = once == "1" }
  end
  return found
end

-- The text of revocations as of now; nil when none is left.
function revocation.text(found, now)
  local numbers, parts = {}, {}
  for number, entry in pairs(found) do
    if revocation.holds(entry, now) then
      numbers[#numbers + 1] = number
    end
  end
  table.sort(numbers)
  for position = 1, #numbers do
    local entry = found[numbers[position]]
    parts[position] =
      string.format("%d:%.0f:%d", numbers[position], entry.ending, entry.once and 1 or 0)
  end
  return parts[1] and table.concat(parts, " ") or nil
end

function revocation.holds(entry, now)
  return entry.ending == 0 or entry.ending > now
end

return revocation
