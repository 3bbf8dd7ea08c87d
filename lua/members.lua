-- The commands step and drain: a list of members in one call.

local arguments = require("rules.arguments")
local contents = require("main")
local limits = require("rules.limits")
local refuse = require("rules.refusal")

local MODES = { all = true, each = true }

local known = {}
for position = 1, #contents do
  known[contents[position].name] = contents[position]
end

-- puts: whether members may put.
return function(puts)
  local function member_of(name, args, last)
    local entry = known[name]
    if not entry or entry.reads or entry.lists or entry.alone then
      refuse("INVALID", "member: " .. name .. " is not a command for a step")
    end
    if entry.puts and not puts then
      refuse("INVALID", "member: " .. name .. " puts, which drain does not")
    end
    local command = require("commands." .. name)
    if command.last and not last then
      refuse("INVALID", "member: " .. name .. " can only come last")
    end
    return { command = command, args = args, request = nil, plan = nil, refused = nil }
  end

  local function members_of(_, args)
    arguments.choice(args[1], "mode", MODES)
    local members, from = {}, 2
    while from <= #args do
      local name = args[from]
      local count = arguments.integer(args[from + 1], "number of arguments", 0, #args - from - 1)
      local own = { unpack(args, from + 2, from + 1 + count) }
      from = from + 2 + count
      members[#members + 1] = member_of(name, own, from > #args)
      if #members > limits.JOBS + 1 then
        refuse("INVALID", "members: more than " .. limits.JOBS)
      end
    end
    return members
  end

  return { members = members_of }
end
