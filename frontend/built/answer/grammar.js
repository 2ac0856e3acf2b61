// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
import{a,b}from"./chunk-RKNRXINX.js";import"./chunk-A223K5VR.js";export{a as REL,b as grammar};
