-- The value in force of a setting: fields of the root, else the default in rules/settings.lua.

local root = require("store.root")
local rules = require("rules.settings")
local setting = require("rules.setting")

local settings = {}

function settings.want(step, name)
  root.want(step, name)
end

function settings.text(step, name)
  return root.get(step, name) or rules[name].default
end

function settings.number(step, name)
  local number = step.numbers[name]
  if not number then
    number = tonumber(root.get(step, name) or rules[name].default)
    step.numbers[name] = number
  end
  return number
end

function settings.milliseconds(step, name)
  return math.floor(settings.number(step, name) * 1000 + 0.5)
end

-- The value as people write it.
function settings.shown(step, name)
  local value = settings.text(step, name)
  return type(value) == "number" and setting.text(value) or value
end

local DAY = 86400000

function settings.days(step, name)
  return settings.number(step, name) * DAY
end

return settings
