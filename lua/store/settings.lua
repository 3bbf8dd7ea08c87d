-- The values in force of the settings. Those that differ from their defaults are one field of the
-- root, a msgpack map of texts as people write them, so that a call reads them all at once.

local revocation = require("rules.revocation")
local root = require("store.root")
local rules = require("rules.settings")
local setting = require("rules.setting")

local settings = {}

settings.FIELD = "settings"
local KLASSES = "limited-klasses" -- not a setting of people's
local UNCOUNTED = "uncounted-klasses" -- not a setting of people's
local REVOKED = "revoked-klasses" -- not a setting of people's

-- What was read last: the map, its texts, and the values in force. It changes seldom, and is not
-- decoded again while it is the same.
local known

-- A set of numbers of a text of them, or nil.
local function klasses_of(text)
  if not text then
    return nil
  end
  local klasses = {}
  for number in string.gmatch(text, "%d+") do
    klasses[tonumber(number)] = true
  end
  return klasses
end

local function decode(packed)
  local texts = packed and cmsgpack.unpack(packed) or {}
  local values = {}
  for name, rule in pairs(rules) do
    local text = texts[name]
    values[name] = text and type(rule.default) == "number" and tonumber(text)
      or text
      or rule.default
  end
  return {
    packed = packed,
    texts = texts,
    values = values,
    klasses = klasses_of(texts[KLASSES]),
    uncounted = klasses_of(texts[UNCOUNTED]),
    revoked = revocation.read(texts[REVOKED]),
  }
end

local function read(step)
  local packed = root.get(step, settings.FIELD)
  if not known or packed ~= known.packed then
    known = decode(packed)
  end
  step.settings = known.values
  return known
end

-- The klasses that have a limit of their own, a set of their numbers, or nil when there are none.
function settings.klasses(step)
  if not step.settings then
    read(step)
  end
  return known.klasses
end

-- Those of them whose running jobs are still to be counted, or nil, likewise.
function settings.uncounted(step)
  if not step.settings then
    read(step)
  end
  return known.uncounted
end

-- A set of numbers as a text, with one of them or without it, or nil.
local function text_of(klasses, number, with)
  local list = {}
  for other in pairs(klasses or {}) do
    list[#list + 1] = other ~= number and other or nil
  end
  if with then
    list[#list + 1] = number
  end
  return #list > 0 and table.concat(list, " ") or nil
end

-- Sets that a klass has a limit of its own, and its jobs are to be counted, or has not.
function settings.limit_klass(step, number, limited)
  settings.set(step, KLASSES, text_of(settings.klasses(step), number, limited))
  settings.set(step, UNCOUNTED, text_of(settings.uncounted(step), number, limited))
end

-- All running jobs of limited klasses are counted.
function settings.counted(step)
  settings.set(step, UNCOUNTED, nil)
end

-- The klasses whose jobs are not to run, see rules/revocation.lua, or nil when there are none.
function settings.revoked(step)
  if not step.settings then
    read(step)
  end
  return known.revoked
end

-- The value in force: a number, or a text where the rule says so.
function settings.value(step, name)
  return (step.settings or read(step).values)[name]
end

function settings.milliseconds(step, name)
  return math.floor(settings.value(step, name) * 1000 + 0.5)
end

local DAY = 86400000

function settings.days(step, name)
  return settings.value(step, name) * DAY
end

-- The value as people write it.
function settings.shown(step, name)
  local value = settings.value(step, name)
  return type(value) == "number" and setting.text(value) or value
end

-- text: as people write it, or nil for the default.
function settings.set(step, name, text)
  local texts = {}
  for known_name, known_text in pairs(read(step).texts) do
    texts[known_name] = known_text
  end
  texts[name] = text
  step.settings = nil
  if next(texts) then
    root.set(step, settings.FIELD, cmsgpack.pack(texts))
  else
    root.drop(step, settings.FIELD)
  end
end

-- entry: of rules/revocation.lua, or nil: jobs of the klass may run.
function settings.revoke(step, number, entry)
  local found = {}
  for other, other_entry in pairs(read(step).revoked or {}) do
    found[other] = other_entry
  end
  found[number] = entry
  settings.set(step, REVOKED, revocation.text(found, step.now))
end

return settings
