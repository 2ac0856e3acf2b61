// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
var p=`nav {
  max-height: max(14rem, 100dvh - 31rem);
  overflow-y: auto;
  color: var(--st-text-color);
  font: 0.875rem/1.4 var(--st-font);
}
h2 {
  margin: 0.75rem 0.5rem 0.25rem;
  font-size: 0.75rem;
  font-weight: 600;
  opacity: 0.75;
}
section:first-child h2 {
  margin-top: 0;
}
ul {
  margin: 0;
  padding: 0;
  list-style: none;
}
li {
  display: flex;
  align-items: center;
  border-radius: var(--st-base-radius);
}
li:hover,
li:focus-within {
  background: color-mix(in srgb, var(--st-text-color) 7%, transparent);
}
li:has([aria-current]) {
  background: color-mix(in srgb, var(--st-primary-color) 16%, transparent);
}
button,
input {
  box-sizing: border-box;
  min-height: 2rem;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
:focus-visible {
  outline: 2px solid var(--st-primary-color);
  outline-offset: -2px;
  border-radius: var(--st-base-radius);
}
.open {
  flex: 1;
  min-width: 0;
  padding: 0.25rem 0.5rem;
  text-align: start;
}
.open > * {
  display: block;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
small {
  opacity: 0.75;
}
.more {
  flex: none;
  width: 2rem;
  padding: 0;
  opacity: 0;
}
li:hover .more,
li:focus-within .more,
li:has([aria-current]) .more,
.more[aria-expanded="true"] {
  opacity: 1;
}
@media (hover: none) {
  .more {
    opacity: 1;
  }
}
input {
  flex: 1;
  min-width: 0;
  padding: 0.25rem 0.5rem;
  cursor: text;
}
[role="menu"] {
  position: fixed;
  inset: auto;
  min-width: 9rem;
  margin: 0;
  padding: 0.25rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
  background: var(--st-background-color);
  color: var(--st-text-color);
  font: 0.875rem/1.4 var(--st-font);
  box-shadow: 0 4px 16px rgb(0 0 0 / 20%);
}
[role="menuitem"] {
  display: block;
  width: 100%;
  padding: 0.25rem 0.75rem;
  border-radius: var(--st-base-radius);
  text-align: start;
}
[role="menuitem"]:hover,
[role="menuitem"]:focus-visible {
  background: color-mix(in srgb, var(--st-text-color) 10%, transparent);
}
`;var v="(max-width: 768px)",x='[data-testid="stSidebarCollapseButton"] button',w=/^(aria-.*|role|popover)$/,l=new WeakMap;function y({data:a,parentElement:e,setTriggerValue:i}){l.has(e)||l.set(e,new u(e));let t=l.get(e);t.send=n=>i("act",n),t.take(a)}var u=class{constructor(e){this.nav=r("nav",{"aria-label":"Conversations"}),this.menu=r("div",{role:"menu",popover:"auto"}),this.menu.addEventListener("keydown",t=>this.move(t)),this.menu.addEventListener("toggle",({newState:t})=>{this.opener?.setAttribute("aria-expanded",t==="open")});let i=r("style",{textContent:p});e.replaceChildren(i,this.nav,this.menu)}take(e){this.data=e;let i=JSON.stringify(e);if(i===this.drawn||this.isRenaming)return;this.drawn=i;let t=this.nav.getRootNode().activeElement?.dataset;this.nav.replaceChildren(...e.groups.map(n=>this.group(n))),t?.id&&this.find(t.id,t.part)?.focus()}find(e,i){return this.nav.querySelector(`[data-id="${CSS.escape(e)}"][data-part="${i}"]`)}group({heading:e,chats:i}){let t=r("section"),n=r("ul");return n.append(...i.map(o=>this.row(o))),t.append(r("h2",{textContent:e}),n),t}row(e){let i=r("li"),t=r("button",{className:"open",title:e.title,dir:"auto"});t.append(r("span",{textContent:e.title})),e.snippet&&t.append(r("small",{textContent:e.snippet})),e.id===this.data.open&&t.setAttribute("aria-current","true"),t.addEventListener("click",()=>{this.send({act:"open",id:e.id}),matchMedia(v).matches&&document.querySelector(x)?.click()});let n=r("button",{className:"more",textContent:"⋯"});n.setAttribute("aria-label",`Menu of ${e.title}`),n.setAttribute("aria-haspopup","menu"),n.setAttribute("aria-expanded","false"),n.addEventListener("click",()=>this.showMenu(e,n,i));for(let[o,s]of Object.entries({open:t,more:n}))s.type="button",Object.assign(s.dataset,{id:e.id,part:o});return i.append(t,n),i}showMenu(e,i,t){this.opener=i;let n=(d,b)=>{let m=r("button",{role:"menuitem",type:"button",textContent:d});return m.addEventListener("click",()=>{this.menu.hidePopover(),i.focus(),b()}),m},o=d=>()=>this.send({act:d,id:e.id});this.menu.setAttribute("aria-label",e.title),this.menu.replaceChildren(n("Rename",()=>this.rename(e,t)),n(e.pinned?"Unpin":"Pin",o("pin")),n("Export",o("export")),n("Delete",o("delete"))),this.menu.showPopover();let s=i.getBoundingClientRect(),{offsetHeight:c,offsetWidth:h}=this.menu,f=s.bottom+c>innerHeight;this.menu.style.top=`${f?s.top-c:s.bottom}px`,this.menu.style.left=`${Math.min(s.left,innerWidth-h-8)}px`,this.menu.firstChild.focus()}move(e){let i=[...this.menu.children],t=i.indexOf(this.menu.getRootNode().activeElement),n={ArrowDown:t+1,ArrowUp:t-1,Home:0,End:-1}[e.key];e.key==="Tab"&&this.menu.hidePopover(),e.key==="Escape"&&this.opener?.focus(),n!==void 0&&(e.preventDefault(),i.at(n%i.length).focus())}rename(e,i){let t=r("input",{value:e.title,maxLength:200,dir:"auto"});t.setAttribute("aria-label","Title"),this.isRenaming=!0;let n=o=>{if(!this.isRenaming)return;this.isRenaming=!1;let s=t.value;o&&s!==e.title&&this.send({act:"rename",id:e.id,title:s}),this.drawn=void 0,this.take(this.data),this.find(e.id,"open")?.focus()};t.addEventListener("keydown",o=>{o.isComposing||(o.key==="Enter"&&n(!0),o.key==="Escape"&&n(!1))}),t.addEventListener("blur",()=>n(!0)),i.replaceChildren(t),t.focus(),t.select()}};function r(a,e={}){let i=document.createElement(a);for(let[t,n]of Object.entries(e))t in i&&!w.test(t)?i[t]=n:i.setAttribute(t,n);return i}export{y as default};
