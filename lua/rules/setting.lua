-- One setting: is this a value for it? The tables of all are rules/settings.lua and rules/caps.lua.

local arguments = require("rules.arguments")
local caps = require("rules.caps")
local limits = require("rules.limits")
local refuse = require("rules.refusal")
local rules = require("rules.settings")

local setting = {}

-- What a queue can have of its own, as <name>-<queue>. Of two that a text begins with the longer
-- one counts, so it comes first.
setting.OWN = {
  "failed-history-count",
  "failed-history",
  "jobs-history-count",
  "jobs-history",
  "when-full",
  "max-bytes",
  "max-jobs",
  "heartbeat",
}

-- A number as people write it: no exponent, no letters.
local function number_of(value)
  if string.find(value, "^[+-]?%d+%.?%d*$") or string.find(value, "^[+-]?%.%d+$") then
    return tonumber(value)
  end
  return nil
end

function setting.text(number)
  return string.format("%.14g", number)
end

-- The queue's own setting and the queue that a text names, or nothing.
local function own_of(name)
  for position = 1, #setting.OWN do
    local own = setting.OWN[position]
    if string.sub(name, 1, #own + 1) == own .. "-" then
      return own, arguments.name(string.sub(name, #own + 2), "queue of " .. name)
    end
  end
  refuse("INVALID", "name: there is no setting " .. name)
end

-- The rule of a setting, and, when it is a queue's own, the queue and what the setting is called
-- there.
function setting.rule(name)
  if rules[name] then
    return rules[name], nil
  end
  local own, queue = own_of(name)
  return rules[own] or caps[own], queue, own
end

local function choices(words)
  local list = {}
  for word in pairs(words) do
    list[#list + 1] = word
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- The value as it is stored, a text; refuses one that the setting cannot have.
function setting.value(name, value)
  local rule = setting.rule(name)
  if rule.words then
    if not rule.words[value] then
      refuse("INVALID", name .. ": is one of " .. choices(rule.words) .. ", not " .. value)
    end
    return value
  end
  if rule.text then
    return arguments.name(value, name)
  end
  local number = number_of(value)
  local kind = rule.fraction and "a number" or "an integer"
  if
    not number
    or (number % 1 ~= 0 and not rule.fraction)
    or number < rule.low
    or number > rule.high
  then
    refuse(
      "INVALID",
      string.format(
        "%s: must be %s from %s to %s, not %s",
        name,
        kind,
        setting.text(rule.low),
        setting.text(rule.high),
        string.sub(value, 1, limits.NAME)
      )
    )
  end
  return setting.text(number)
end

return setting
