-- The commands step and drain: a list of members in one call.

local arguments = require("rules.arguments")
local contents = require("main")
local engine = require("engine")
local limits = require("rules.limits")
local refuse = require("rules.refusal")

local MODES = { all = true, each = true }

local known = {}
for position = 1, #contents do
  known[contents[position].name] = contents[position]
end

-- puts: whether members may put.
return function(puts)
  local function command_of(name, last)
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
    return command
  end

  -- Neighbours of one command that takes many are one group.
  local function members_of(args)
    arguments.choice(args[1], "mode", MODES)
    local groups, group, members, from = {}, nil, 0, 2
    local before
    while from <= #args do
      local name = args[from]
      local count = arguments.integer(args[from + 1], "number of arguments", 0, #args - from - 1)
      local behind = from + 2 + count
      if name == before and group.command.many then
        arguments.width(count, group.command.width, group.command.most)
        group.count = group.count + 1
        group.from[group.count], group.widths[group.count] = from + 1, count
      else
        local command = command_of(name, behind > #args)
        if command.many then
          arguments.width(count, command.width, command.most)
          group = engine.group(command, args, from + 1, count)
        else
          group = engine.group(command, { unpack(args, from + 2, behind - 1) }, 0, count)
        end
        groups[#groups + 1] = group
      end
      before, from, members = name, behind, members + 1
      if members > limits.JOBS + 1 then
        refuse("INVALID", "members: more than " .. limits.JOBS)
      end
    end
    return groups
  end

  return { members = members_of }
end
