-- One setting: is this a value for it? The table of all is rules/settings.lua.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local refuse = require("rules.refusal")
local rules = require("rules.settings")

local setting = {}

local HEARTBEAT = "^heartbeat%-(.*)$"

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

-- The rule of a setting, and, when it is a queue's own heartbeat, the queue.
function setting.rule(name)
  if rules[name] then
    return rules[name], nil
  end
  local queue = string.match(name, HEARTBEAT)
  if not queue then
    refuse("INVALID", "name: there is no setting " .. name)
  end
  return rules.heartbeat, arguments.name(queue, "queue of " .. name)
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
