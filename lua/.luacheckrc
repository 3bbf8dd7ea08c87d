-- What a function library sees on Redis 7.0 and on every Valkey, less what would make it
-- non-deterministic (math.random), hide a failure from replicas (set_repl) or build code at run time
-- (loadstring, load). `require` comes from the joiner that assembles the library.

local function fields(...)
  local found = {}
  for _, name in ipairs({ ... }) do
    found[name] = {}
  end
  return { fields = found }
end

stds.sandbox = {
  read_globals = {
    "require",
    -- Lua 5.1
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawset",
    "select",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "xpcall",
    string = fields(
      "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse",
      "sub", "upper"
    ),
    table = fields("concat", "insert", "maxn", "remove", "sort"),
    math = fields(
      "abs", "ceil", "exp", "floor", "fmod", "frexp", "huge", "ldexp", "log", "log10", "max", "min",
      "modf", "pi", "pow", "sqrt"
    ),
    -- the server's own
    redis = fields(
      "LOG_DEBUG", "LOG_NOTICE", "LOG_VERBOSE", "LOG_WARNING", "REDIS_VERSION",
      "REDIS_VERSION_NUM", "acl_check_cmd", "call", "error_reply", "log", "pcall",
      "register_function", "setresp", "sha1hex", "status_reply"
    ),
    cjson = fields("decode", "encode", "null"),
    cmsgpack = fields("pack", "unpack", "unpack_limit", "unpack_one"),
    struct = fields("pack", "size", "unpack"),
    bit = fields(
      "arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit",
      "tohex"
    ),
  },
}

std = "sandbox"
max_line_length = 100
max_cyclomatic_complexity = 20
