// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
import{a,b}from"./chunk-J47T6CJ6.js";import"./chunk-A223K5VR.js";export{a as REL,b as grammar};
